import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { PlaceOutcome } from '../wire/messages.ts'
import { fromWireOutcome, NOT_LEADER, OVERLOADED } from '../wire/outcome-codes.ts'
import { ForeignOrders } from './foreign-orders.ts'
import type { ForeignPlaced } from './foreign-replica.ts'
import type { Latencies } from './live/recent-times.ts'
import type { Stalls } from './live/stalls.ts'
import { CLIENT_PATIENCE_MS, RETRY_MS } from './patience.ts'
import type { Placed } from './placed.ts'

const DEADLINE_CHECK_MS = 100
/** A queue that has not been short for this long is a standing one: orders come faster than they are answered. */
const STANDING_AFTER_MS = 2_000

/** The replica that leads, to which orders are sent. */
export interface OrderTaker {
  /** True when another program answers there. It takes one order at a time. */
  readonly isForeign: boolean
  /** Sends orders under the ids `first`, `first` + 1, … */
  place(first: number, requests: readonly OrderRequest[]): void
  /** Has a leader of another make place one order. With `mayPlace` false, only looks whether the order is on record. */
  placeSingle(request: OrderRequest, mayPlace: boolean): Promise<ForeignPlaced>
}

/** They are told how long orders take. */
export interface OrderWatchers {
  readonly latencies: Pick<Latencies, 'add'>
  readonly stalls: Pick<Stalls, 'began' | 'answered'>
}

const FATE_UNKNOWN: Placed = { kind: 'unknown', error: 'FATE_UNKNOWN' }

interface Pending {
  readonly request: OrderRequest
  readonly settle: (placed: Placed) => void
  readonly deadlineAt: number
  /** The id under which the order was last sent, and its receiver; undefined while the order waits. */
  sent: { readonly id: number; readonly to: OrderTaker } | undefined
  /** How many times the order was sent without a sure "no". Above 0, it may have been placed. */
  uncertainTries: number
  /**
   * True while a leader of another make has the order. That leader does not know its key, so the order is not sent again
   * (Q3).
   */
  isSingle: boolean
}

/**
 * The orders of this front end's clients, from the request to the outcome.
 *
 * Q1. An order is repeated only with the same key, so it can never be executed twice.
 * Q2. Every order is answered within 5 s. When there is no room for it, it is refused at once.
 */
export class Orders {
  readonly #clock: Clock
  readonly #watchers: OrderWatchers
  #leader: OrderTaker | undefined
  /** In the order in which they came, which is also the order of their deadlines. */
  readonly #pending = new Set<Pending>()
  readonly #byId = new Map<number, Pending>()
  #waiting: Pending[] = []
  /** Orders that leaders of another make were asked to place. */
  readonly #foreign = new ForeignOrders()
  /** True while one of these leaders has an order in hand. */
  #isSingleUnderWay = false
  #lastId = 0
  #flushing = false
  /** Looks for orders whose time is over, as long as there are any. */
  #sweep: Timer | undefined
  /** When the queue was last short; monotonic time. */
  #shortAt = 0
  answered = 0
  /** Orders that were refused for lack of room. */
  refused = 0

  constructor(clock: Clock, watchers: OrderWatchers) {
    this.#clock = clock
    this.#watchers = watchers
  }

  get waiting(): number {
    return this.#pending.size
  }

  /** True when the next order has to be refused. A burst may wait, a standing queue may not. */
  get isFull(): boolean {
    const { size } = this.#pending
    if (size < LIMITS.frontEndStandingOrdersMax) return false
    if (size >= LIMITS.frontEndPendingOrdersMax) return true
    // Nothing is answered while nobody leads. That is soon over, so the queue may grow meanwhile.
    return this.#leader !== undefined && this.#clock.monotonicMs() > this.#shortAt + STANDING_AFTER_MS
  }

  place(request: OrderRequest): Promise<Placed> {
    const known = this.#foreign.recall(request)
    if (known && known !== 'under-way') return Promise.resolve(known)
    if (this.isFull) return Promise.resolve(this.#refuse()) // Q2
    return new Promise((settle) => {
      const now = this.#clock.monotonicMs()
      const deadlineAt = now + CLIENT_PATIENCE_MS
      this.#watchers.stalls.began(now)
      const pending: Pending = { request, settle, deadlineAt, sent: undefined, uncertainTries: 0, isSingle: false }
      this.#pending.add(pending)
      this.#sweep ??= this.#beginSweep()
      this.#wait(pending)
    })
  }

  #refuse(): Placed {
    this.refused += 1
    return { kind: 'unknown', error: 'OVERLOADED' }
  }

  /** Notes who leads. Everything that waits goes to that replica. */
  led(leader: OrderTaker): void {
    this.#leader = leader
    this.#flushSoon()
  }

  /** Notes that a replica is gone or leads no more. Orders that it has not answered go to the next leader (Q1). */
  lost(replica: OrderTaker): void {
    if (this.#leader === replica) this.#leader = undefined
    for (const pending of this.#pending) if (pending.sent?.to === replica) this.#wait(pending)
  }

  /** Takes in what a replica says of some orders. Returns 'not-leader' when it says of any of them that it does not lead. */
  settle(outcomes: readonly PlaceOutcome[]): 'not-leader' | 'heard' {
    const known = outcomes.flatMap((wire) => {
      const pending = this.#byId.get(wire.id)
      if (pending) this.#answer(pending, wire)
      return pending ? [wire] : []
    })
    return known.some(({ number }) => number === NOT_LEADER) ? 'not-leader' : 'heard'
  }

  close(): void {
    this.#endSweep()
    for (const pending of [...this.#pending]) this.#giveUp(pending)
  }

  #answer(pending: Pending, wire: PlaceOutcome): void {
    const outcome = fromWireOutcome(wire)
    if (outcome) return this.#end(pending, { kind: 'decided', outcome })
    const refused = wire.number === NOT_LEADER || wire.number === OVERLOADED
    if (refused) pending.uncertainTries -= 1
    if (wire.number === OVERLOADED && pending.uncertainTries === 0) {
      return this.#end(pending, { kind: 'unknown', error: 'OVERLOADED' })
    }
    this.#unsend(pending)
    if (wire.number === NOT_LEADER) this.#wait(pending)
    else this.#clock.after(RETRY_MS, () => this.#wait(pending))
  }

  #wait(pending: Pending): void {
    if (!this.#pending.has(pending)) return
    this.#unsend(pending)
    this.#waiting.push(pending)
    this.#flushSoon()
  }

  #unsend(pending: Pending): void {
    if (pending.sent) this.#byId.delete(pending.sent.id)
    pending.sent = undefined
  }

  /** All orders of one turn of the event loop travel in one message. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#clock.nextTurn(() => {
      this.#flushing = false
      const leader = this.#leader
      if (leader?.isForeign) this.#flushOne(leader)
      else if (leader) this.#flush(leader)
    })
  }

  #flush(leader: OrderTaker): void {
    const batch = this.#takeWaiting()
    if (batch.length === 0) return
    const first = this.#lastId + 1
    for (const pending of batch) {
      this.#lastId += 1
      pending.sent = { id: this.#lastId, to: leader }
      pending.uncertainTries += 1
      this.#byId.set(this.#lastId, pending)
    }
    leader.place(
      first,
      batch.map((pending) => pending.request),
    )
  }

  /**
   * Takes the orders that may be sent now. An order that another program was asked to place is answered from memory, or waits
   * for that program's answer.
   */
  #takeWaiting(): Pending[] {
    const waiting = this.#waiting.filter((pending) => this.#pending.has(pending))
    this.#waiting = []
    if (this.#foreign.isEmpty) return waiting
    return waiting.filter((pending) => {
      const known = this.#foreign.recall(pending.request)
      if (known === 'under-way') this.#waiting.push(pending)
      else if (known) this.#end(pending, known)
      return !known
    })
  }

  /**
   * Sends one order to a leader of another make (Q3). The leader gets one at a time, so that the ledger shows which number
   * each order has.
   */
  #flushOne(leader: OrderTaker): void {
    if (this.#isSingleUnderWay) return
    const [next, ...rest] = this.#takeWaiting()
    this.#waiting.push(...rest)
    if (!next) return
    // An order that a leader of ours may have placed is only looked for, and not placed again.
    const isNew = next.uncertainTries === 0
    if (isNew) this.#foreign.begin(next.request)
    next.isSingle = isNew
    this.#isSingleUnderWay = true
    void leader.placeSingle(next.request, isNew).then((placed) => {
      this.#isSingleUnderWay = false
      this.#singleAnswered(next, placed)
      this.#flushSoon()
    })
  }

  /** Takes in the answer of a leader of another make. By now the client may have been told that nobody knows. */
  #singleAnswered(pending: Pending, answer: ForeignPlaced): void {
    const placed = answer.kind === 'unknown' ? FATE_UNKNOWN : answer.kind === 'decided' ? answer : undefined
    if (pending.isSingle) this.#foreign.end(pending.request, placed)
    pending.isSingle = false
    if (!placed) this.#clock.after(RETRY_MS, () => this.#wait(pending))
    else if (this.#pending.has(pending)) this.#end(pending, placed)
  }

  #beginSweep(): Timer {
    this.#shortAt = this.#clock.monotonicMs()
    return this.#clock.every(DEADLINE_CHECK_MS, () => this.#expire())
  }

  #endSweep(): void {
    this.#sweep?.cancel()
    this.#sweep = undefined
  }

  #expire(): void {
    const now = this.#clock.monotonicMs()
    if (this.#pending.size < LIMITS.frontEndStandingOrdersMax / 2) this.#shortAt = now
    for (const pending of this.#pending) {
      if (pending.deadlineAt > now) break
      this.#giveUp(pending)
    }
    if (this.#waiting.length > this.#pending.size) this.#waiting = this.#waiting.filter((pending) => this.#pending.has(pending))
    if (this.#pending.size === 0) this.#endSweep()
  }

  #giveUp(pending: Pending): void {
    if (pending.isSingle) return this.#end(pending, FATE_UNKNOWN)
    this.#end(pending, { kind: 'unknown', error: pending.uncertainTries > 0 ? 'MAY_HAVE_BEEN_PLACED' : 'NOT_PLACED' })
  }

  #end(pending: Pending, placed: Placed): void {
    this.#unsend(pending)
    this.#pending.delete(pending)
    this.answered += 1
    const now = this.#clock.monotonicMs()
    this.#watchers.latencies.add('orders', now + CLIENT_PATIENCE_MS - pending.deadlineAt)
    this.#watchers.stalls.answered(now, this.#pending.size > 0)
    pending.settle(placed)
  }
}
