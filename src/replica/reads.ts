import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import type { Clock } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import { readEntries } from '../wire/log-pages.ts'
import type { Entries, OrderQuery, ReadRequest } from '../wire/messages.ts'
import { entriesInPieces, READ_PATIENCE_MS, tooManyReads } from '../wire/pieces.ts'
import type { Copy } from './copy.ts'
import type { Role } from './role.ts'
import type { OrdersFound } from './route-stream.ts'

/** A front end is not told the key: with one as long as earlier versions took them a listing would not fit in a message. */
const withoutKey = (entry: Entry): Entry => ({ ...entry, key: '', fingerprint: '' })

/** Reads of this replica's log: the order queries of front ends, and `Order.Read`. Of many entries, one at a time. */
export class Reads {
  readonly #clock: Clock
  readonly #copy: Copy
  readonly #role: Role
  readonly #gate: Gate

  constructor(clock: Clock, copy: Copy, role: Role) {
    this.#clock = clock
    this.#copy = copy
    this.#role = role
    this.#gate = new Gate(clock, { placesMax: 1, waitingMax: LIMITS.waitingReadsMax })
  }

  /** Answers a front end: with limit 0 it asks for one order, else for a listing. */
  asked({ number, limit }: OrderQuery, asker: Asker): Promise<OrdersFound> {
    return limit === 0 ? this.#find(number) : this.#list(number, limit, asker)
  }

  /** Answers `Order.Read`. Rejects with an {@link RpcError} when too many wait. */
  async read(request: ReadRequest, asker: Asker): Promise<Entries> {
    const read = () => {
      const { length, sealedGeneration } = this.#copy.head()
      const head = { length, generation: sealedGeneration, recoveredGeneration: 0 }
      return readEntries(this.#clock, this.#copy.log, request, head, asker)
    }
    return (await this.#gate.run(asker, READ_PATIENCE_MS, read)) ?? tooManyReads()
  }

  /** A hit below the published position never changes again; anything else is for the catalogue to confirm. */
  async #find(number: number): Promise<OrdersFound> {
    const confirmed = await this.#confirm(number + 1)
    if (typeof confirmed !== 'number') return confirmed
    if (number < 0 || number >= confirmed) return { kind: 'not-found' }
    const entry = await this.#copy.log.entry(number)
    return entry ? { kind: 'found', entries: [withoutKey(entry)] } : { kind: 'unavailable' }
  }

  async #list(from: number, limit: number, asker: Asker): Promise<OrdersFound> {
    const confirmed = await this.#confirm(from + limit)
    if (typeof confirmed !== 'number') return confirmed
    const end = Math.min(confirmed, from + Math.min(limit, LIMITS.listingMax))
    const log = { entries: async (first: number, most: number) => (await this.#copy.log.entries(first, most)).map(withoutKey) }
    const read = () => entriesInPieces(this.#clock, log, from, Math.max(0, end - from), asker)
    const entries = await this.#gate.run(asker, READ_PATIENCE_MS, read)
    return entries && from + entries.length >= end ? { kind: 'found', entries } : { kind: 'unavailable' }
  }

  /** A published length: one known already if it covers `wanted`, else the one the catalogue confirms now. */
  async #confirm(wanted: number): Promise<number | { kind: 'not-leader' | 'unavailable' }> {
    const { leader } = this.#role
    if (!leader) return { kind: 'not-leader' }
    if (wanted <= leader.published) return leader.published
    return (await leader.confirmPublished()) ?? { kind: 'unavailable' }
  }
}
