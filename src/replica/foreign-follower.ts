import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import { sleep, type Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Network } from '../wire/network.ts'
import { isAway, RpcError, type RpcCode } from '../wire/rpc-error.ts'
import type { OrderLog } from '../storage/order-log.ts'

/** A follower of another make that does not answer in this time is dropped. Nobody waits for it meanwhile. */
const FOREIGN_CALL_MS = 2_000
/** So long it may take to store what it was streamed when it synchronized. */
const STREAMED_PATIENCE_MS = 2_000
const STREAMED_POLL_MS = 50
/** Orders read from the log at once, and offered one after the other. */
const PAGE = 64
/** Statuses by which a program says that it does not know a call, or does not answer it here. */
const SAYS_NOTHING: readonly RpcCode[] = ['UNIMPLEMENTED', 'FAILED_PRECONDITION']

/** The part of the leader's knowledge that a follower of another make may see. */
export interface Propagation {
  readonly clock: Clock
  readonly network: Network
  readonly log: Logger
  /** The leader's own log. */
  readonly orders: OrderLog
  published(): number
}

/**
 * A follower that knows only the contract's single calls. It gets each order by `Order.Propagate`, one at a time and in
 * order. It gets none before it is published, since whoever holds an order may show it. Nothing is queued for it: a
 * position in the leader's log says how far it has come.
 *
 * F3. A follower of another make delays nobody and counts for nothing. One that does not answer, refuses an order or is
 *     too far behind is dropped; it is taken in again when it synchronizes or when a leader is elected.
 */
export class ForeignFollower {
  readonly address: string
  readonly #leader: Propagation
  readonly #dropped: (why: string) => void
  /** Number of the order that it is offered next; undefined while that is not known. */
  #next: number | undefined
  /** Number of the last order that it refused. */
  #refused = -1
  /** It was streamed everything below this number when it synchronized; undefined when it did not. */
  readonly #streamed: number | undefined
  #offering = false
  #closed = false

  constructor(leader: Propagation, address: string, streamed: number | undefined, dropped: (why: string) => void) {
    this.#leader = leader
    this.address = address
    this.#streamed = streamed
    this.#dropped = dropped
  }

  /** Finds out what it holds, and offers it the rest. */
  start(): void {
    this.advance()
  }

  /** Length of the log that it is known to hold. */
  get held(): number {
    return this.#next ?? 0
  }

  /** There may be more to offer. */
  advance(): void {
    if (this.#offering || this.#closed || this.#next === this.#leader.published()) return
    this.#offering = true
    this.#offerAll().then(
      () => {
        this.#offering = false
      },
      (error: Error) => this.#drop(error.message),
    )
  }

  close(): void {
    this.#closed = true
  }

  async #offerAll(): Promise<void> {
    this.#next ??= await this.#whereToBegin()
    while (!this.#closed && this.#next < this.#leader.published()) {
      this.#refuseStraggler(this.#next) // F3
      const page = await this.#leader.orders.entries(this.#next, Math.min(PAGE, this.#leader.published() - this.#next))
      for (const entry of page) {
        if (this.#closed) return
        if (await this.#offer(entry)) this.#next = entry.number + 1
        else {
          await this.#lookAgain(entry.number)
          break
        }
      }
      if (page.length === 0) return
    }
  }

  #refuseStraggler(next: number): void {
    const lacks = this.#leader.published() - next
    if (lacks > LIMITS.foreignFollowerLagMax) throw new Error(`it lacks ${lacks} orders: it has to synchronize`)
  }

  /** It may hold less than was thought, or more. One that refuses the same order again is given up. */
  async #lookAgain(refused: number): Promise<void> {
    const end = await this.#findEnd()
    if (end === refused || refused <= this.#refused) throw new Error(`it refuses order ${refused}`)
    this.#refused = refused
    this.#next = end
  }

  async #offer({ number: orderNum, name: stockName, type: tradeType, quantity: stockTradeQuantity }: Entry): Promise<boolean> {
    const order = { orderNum, stockName, tradeType, stockTradeQuantity }
    try {
      const { resultPropagate } = await this.#leader.network.call(this.address, 'Order.Propagate', order, FOREIGN_CALL_MS)
      return resultPropagate === 1
    } catch (error) {
      if (isAway(error) || saysNothing(error)) throw error
      return false
    }
  }

  // ---- what it holds -----------------------------------------------------------------------------------------------

  async #whereToBegin(): Promise<number> {
    const begin = (await this.#holdsStreamed()) ? this.#streamed : await this.#findEnd().catch(orElse(undefined))
    const next = begin ?? this.#streamed ?? this.#leader.published() // It cannot be asked, so it gets what comes from now on.
    this.#leader.log.info({ follower: this.address, next }, 'another program: single calls, no guarantee')
    return next
  }

  async #holdsStreamed(): Promise<boolean> {
    const { clock } = this.#leader
    const until = clock.monotonicMs() + STREAMED_PATIENCE_MS
    for (;;) {
      if (this.#streamed === undefined) return false
      if (this.#closed || (await this.#holds(this.#streamed - 1).catch(orElse(true)))) return true
      if (clock.monotonicMs() > until) return false
      await sleep(clock, STREAMED_POLL_MS)
    }
  }

  /** Finds out how many orders it holds by asking for single ones. Mostly it lacks few, so it begins at the end. */
  async #findEnd(): Promise<number> {
    const end = this.#leader.published()
    let [held, missing] = [0, end + 1]
    for (let step = 1; missing > held + 1; ) {
      const length = missing > end ? end : step > 0 ? Math.max(held, missing - step) : Math.floor((held + missing) / 2)
      if (this.#closed) return held
      if (await this.#holds(length - 1)) [held, step] = [length, 0]
      else [missing, step] = [length, step * 2]
    }
    return held
  }

  async #holds(number: number): Promise<boolean> {
    const own = number < 0 ? undefined : await this.#leader.orders.entry(number)
    if (!own) return number < 0
    try {
      const theirs = await this.#leader.network.call(this.address, 'Order.Lookup', { orderNum: number }, FOREIGN_CALL_MS)
      return (
        theirs.orderNum === number &&
        theirs.stockName === own.name &&
        theirs.tradeType === own.type &&
        theirs.stockTradeQuantity === own.quantity
      )
    } catch (error) {
      if (isAway(error) || saysNothing(error)) throw error
      return false
    }
  }

  #drop(why: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#dropped(why)
  }
}

const saysNothing = (error: unknown): boolean => error instanceof RpcError && SAYS_NOTHING.includes(error.code)

/** Makes a value the answer of a program that does not know the question. */
const orElse =
  <T>(value: T) =>
  (error: unknown): T => {
    if (saysNothing(error)) return value
    throw error
  }
