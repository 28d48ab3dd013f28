import { LIMITS } from '../domain/limits.ts'
import { FOREIGN_KEY_PREFIX, type Entry, type OrderRequest, type Outcome } from '../domain/order.ts'
import { isAway, RpcError, type RpcCode } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import { fromWireEntries } from '../wire/entries.ts'
import type { Entries, OrderAnswer, Recalled } from '../wire/messages.ts'
import { fromWireOutcome } from '../wire/outcome-codes.ts'

const PING_DEADLINE_MS = 500
/** A program that leaves so many pings in a row unanswered is taken for dead, as our own replicas are. */
const MISSED_PINGS_MAX = 3
/** The catalogue may take 3 s to publish a trade that no leader of ours pushes. */
const REQUEST_DEADLINE_MS = 3_500
const CATALOGUE_DEADLINE_MS = 1_000
/** Statuses by which a program says that it did not take an order. */
const SURE_NO: readonly RpcCode[] = ['UNIMPLEMENTED', 'FAILED_PRECONDITION']

/** The outcome of one order that a leader of another make was asked to place. */
export type ForeignPlaced =
  | { readonly kind: 'decided'; readonly outcome: Outcome }
  /** The order was not placed, and may be sent again. */
  | { readonly kind: 'not-placed' }
  /** The order was not placed, and this program takes no orders. */
  | { readonly kind: 'not-leader'; readonly why: string }
  /** Nobody can tell whether the order was placed. */
  | { readonly kind: 'unknown' }

export interface ForeignEvents {
  /** The program has answered a ping. */
  answers(): void
  gone(why: string): void
}

/**
 * A replica that knows only the contract's single calls. It gives no guarantee. So the catalogue is asked for everything that
 * it knows: whether a key is on record, which number an order has, and every order query.
 *
 * Q3. An order goes to a leader of another make once, without a key, and only when its key is not on record. The client is
 *     told a number when the catalogue has the order under that number, and a rejection when the catalogue has no such order.
 */
export class ForeignReplica {
  readonly #runtime: Runtime
  readonly #address: string
  readonly #catalogueAddress: string
  readonly #events: ForeignEvents
  #pinging = false
  #missedPings = 0
  #closed = false

  constructor(runtime: Runtime, address: string, catalogueAddress: string, events: ForeignEvents) {
    this.#runtime = runtime
    this.#address = address
    this.#catalogueAddress = catalogueAddress
    this.#events = events
  }

  /** Asks for an order that cannot exist. Any answer shows that the program lives. */
  ping(): void {
    if (this.#pinging || this.#closed) return
    this.#pinging = true
    const question = this.#runtime.network.call(this.#address, 'Order.Lookup', { orderNum: -1 }, PING_DEADLINE_MS)
    question.then(
      () => this.#pinged(undefined),
      (error: unknown) => this.#pinged(error),
    )
  }

  close(): void {
    this.#closed = true
  }

  /** Places one order. With `mayPlace` false, only looks whether the order is on record. The promise never rejects. */
  async place(request: OrderRequest, mayPlace: boolean): Promise<ForeignPlaced> {
    const recalled = await this.#recall(request)
    if (!recalled) return { kind: 'not-placed' }
    const known = recalled.outcome && fromWireOutcome({ ...recalled.outcome, replayed: true })
    if (known) return { kind: 'decided', outcome: known }
    if (!mayPlace) return { kind: 'not-placed' }
    const answer = await this.#request(request)
    if (typeof answer !== 'number') return answer
    return this.#checked(request, answer, recalled.length).catch(() => ({ kind: 'unknown' }))
  }

  /** Returns one order (limit 0) or a listing, as the catalogue has them; undefined when the catalogue cannot tell. */
  async query(number: number, limit: number): Promise<OrderAnswer | undefined> {
    try {
      const { position } = await this.#runtime.network.call(this.#catalogueAddress, 'Catalog.Confirm', {}, CATALOGUE_DEADLINE_MS)
      if (limit === 0 && number >= position) return { query: 0, result: 'not-found', entries: [] }
      const entries = await this.#entries(number, Math.min(position, number + Math.max(1, limit)))
      return { query: 0, result: 'found', entries }
    } catch {
      return undefined
    }
  }

  #pinged(error: unknown): void {
    this.#pinging = false
    if (this.#closed) return
    if (!(error instanceof RpcError)) return this.#answered()
    if (error.code === 'UNIMPLEMENTED') return this.#events.gone(`no order replica answers at ${this.#address}`)
    if (!isAway(error)) return this.#answered()
    this.#missedPings += 1
    if (error.code === 'UNAVAILABLE' || this.#missedPings >= MISSED_PINGS_MAX) this.#events.gone(error.message)
  }

  #answered(): void {
    this.#missedPings = 0
    this.#events.answers()
  }

  async #recall({ key, fingerprint }: OrderRequest): Promise<Recalled | undefined> {
    const question = { key, fingerprint, anyFingerprint: false }
    return this.#runtime.network.call(this.#catalogueAddress, 'Catalog.Recall', question, CATALOGUE_DEADLINE_MS).catch(() => undefined)
  }

  /** Sends the order. Returns the replica's answer, a number or a negative code; without one, what is known of the order. */
  async #request({ name: stockName, quantity: stockTradeQuantity, type: tradeType }: OrderRequest): Promise<number | ForeignPlaced> {
    const order = { stockName, stockTradeQuantity, tradeType, key: '' }
    try {
      return (await this.#runtime.network.call(this.#address, 'Order.Request', order, REQUEST_DEADLINE_MS)).transactionNum
    } catch (error) {
      const isSure = error instanceof RpcError && SURE_NO.includes(error.code)
      return isSure ? { kind: 'not-leader', why: error.message } : { kind: 'unknown' }
    }
  }

  /**
   * Checks the replica's answer against the ledger (Q3). `from` is the ledger's length before the order was sent, so the
   * order's entry has that number or a higher one.
   */
  async #checked(request: OrderRequest, number: number, from: number): Promise<ForeignPlaced> {
    const { network } = this.#runtime
    const [{ entries }, { position }] = await Promise.all([
      this.#read(from, LIMITS.catchUpBatchMax),
      network.call(this.#catalogueAddress, 'Catalog.Confirm', {}, CATALOGUE_DEADLINE_MS),
    ])
    const own = fromWireEntries(entries).filter((entry) => isThis(request, entry))
    if (number < 0) {
      const outcome = fromWireOutcome({ number, replayed: false })
      return outcome?.kind === 'rejected' && own.length === 0 ? { kind: 'decided', outcome } : { kind: 'unknown' }
    }
    // The program counts by itself, and may have lost count.
    const placed = own.find((entry) => entry.number === number) ?? (own.length === 1 ? own[0] : undefined)
    if (!placed || placed.number >= position) return { kind: 'unknown' }
    return { kind: 'decided', outcome: { kind: 'accepted', number: placed.number, replayed: false } }
  }

  async #entries(from: number, end: number): Promise<readonly Entry[]> {
    const found: Entry[] = []
    while (from + found.length < end) {
      const { entries } = await this.#read(from + found.length, end - from - found.length)
      if (entries.length === 0) throw new Error('the ledger ends before what is published')
      found.push(...fromWireEntries(entries))
    }
    return found
  }

  #read(from: number, limit: number): Promise<Entries> {
    return this.#runtime.network.call(this.#catalogueAddress, 'Catalog.Read', { from, limit }, CATALOGUE_DEADLINE_MS)
  }
}

/** Says whether an entry may belong to the request: it is the same order, and was placed by a single call. */
const isThis = ({ name, type, quantity }: OrderRequest, entry: Entry): boolean =>
  entry.key.startsWith(FOREIGN_KEY_PREFIX) && entry.name === name && entry.type === type && entry.quantity === quantity
