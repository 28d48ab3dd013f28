import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import { LogReads, type ServedLog } from '../wire/log-reads.ts'
import type { Entries, OrderQuery, ReadRequest } from '../wire/messages.ts'
import type { Copy } from './copy.ts'
import type { Role } from './role.ts'
import type { OrdersFound } from './route-stream.ts'

/** A front end is not told the key: with one as long as earlier versions took them a listing would not fit in a message. */
const withoutKey = (entry: Entry): Entry => ({ ...entry, key: '', fingerprint: '' })

/** The copy as `Order.Read` tells of it. No replica recovers from others. */
const servedLog = (copy: Copy): ServedLog => ({
  head: () => {
    const { length, sealedGeneration } = copy.head()
    return { length, generation: sealedGeneration, recoveredGeneration: 0 }
  },
  entries: (from, limit) => copy.log.entries(from, limit),
  digestAt: (length) => copy.log.digestAt(length),
  rest: (workedMs, entries) => copy.pace.rest(workedMs, entries),
})

/** Reads of this replica's log: the order queries of front ends, and `Order.Read`. Of many entries, one at a time. */
export class Reads {
  readonly #copy: Copy
  readonly #role: Role
  readonly #reads: LogReads

  constructor(clock: Clock, copy: Copy, role: Role) {
    this.#copy = copy
    this.#role = role
    this.#reads = new LogReads(clock, servedLog(copy))
  }

  /** Answers a front end: with limit 0 it asks for one order, else for a listing. */
  asked({ number, limit }: OrderQuery, asker: Asker): Promise<OrdersFound> {
    return limit === 0 ? this.#find(number) : this.#list(number, limit, asker)
  }

  /** Answers `Order.Read`. Rejects with an {@link RpcError} when too many wait. */
  read(request: ReadRequest, asker: Asker): Promise<Entries> {
    return this.#reads.read(request, asker)
  }

  /**
   * Up to `limit` entries from number `from` on, without their keys; fewer when the asker has gone or they fill a page.
   * Undefined when the read is not carried out.
   */
  entries(from: number, limit: number, asker: Asker): Promise<readonly Entry[] | undefined> {
    const log = { entries: async (first: number, most: number) => (await this.#copy.log.entries(first, most)).map(withoutKey) }
    return this.#reads.entries(log, from, limit, asker)
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
    const entries = await this.entries(from, Math.max(0, end - from), asker)
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
