import { LIMITS } from '../domain/limits.ts'
import type { Entry, OrderRequest } from '../domain/order.ts'
import type { Clock } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import type {
  FrontEndToReplica,
  OrderQuery,
  PlaceBatch,
  PlaceOutcome,
  Ping,
  Pong,
  ReplicaToFrontEnd,
  RouteHello,
  StockChange,
  Tail,
  Tailed,
} from '../wire/messages.ts'
import type { PendingOrder } from './pending-order.ts'

/** A front end asks again after that. */
const LISTING_PATIENCE_MS = 2_000

/** The answer of this replica to a question for one order, or for a listing. */
export type OrdersFound =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'not-found' | 'not-leader' | 'unavailable' }

/** The owner of the stream. Each message of a front end becomes one of these calls. */
export interface RouteOwner {
  /** A front end says who it is; comes once. */
  greeted(frontEnd: RouteStream, hello: RouteHello): void
  /** `hello`: what this front end said of itself; undefined while it has said nothing. */
  pinged(ping: Ping, hello: RouteHello | undefined): Pong
  /** Each of these orders has to be settled once. */
  placed(orders: readonly PendingOrder[]): void
  /** One order, or with a limit above 0 a listing. `frontEnd` is gone once the stream is over. */
  asked(query: OrderQuery, frontEnd: Asker): Promise<OrdersFound>
  /** A front end wants to hear of each published order, or no more of any. */
  tailed(frontEnd: RouteStream, tail: Tail): void
  /** The stream of a front end that has said who it is is over. */
  gone(frontEnd: RouteStream, hello: RouteHello): void
}

/** The replica's end of one front end's `Order.Route`: pings, orders and their outcomes, queries, invalidations. */
export class RouteStream implements Asker {
  readonly #stream: ServedStream<ReplicaToFrontEnd>
  readonly #owner: RouteOwner
  #hello: RouteHello | undefined
  #isGone = false
  /** Outcomes that travel in the next message. */
  #outcomes: PlaceOutcome[] = []
  /** Invalidations that are not confirmed yet, oldest first. A front end confirms each one, in order. */
  #unconfirmed: ((isConfirmed: boolean) => void)[] = []
  /** The listings of this front end, one after the other: the next one is read when it has taken the one before. */
  readonly #listings: Gate

  constructor(clock: Clock, stream: ServedStream<ReplicaToFrontEnd>, owner: RouteOwner) {
    this.#stream = stream
    this.#owner = owner
    this.#listings = new Gate(clock, { placesMax: 1, waitingMax: LIMITS.readsPerCallerMax })
  }

  /** Returns what takes in the messages of the stream. */
  start(): StreamHandlers<FrontEndToReplica> {
    return { message: (message) => this.#message(message), closed: () => this.#closed() }
  }

  /** The stream is over. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Invalidations that were sent and are not confirmed. */
  get unconfirmed(): number {
    return this.#unconfirmed.length
  }

  /** Resolves with whether the front end has said that it has dropped these stocks: false when it cannot say so any more. */
  invalidate(change: StockChange): Promise<boolean> {
    this.#stream.send({ invalidate: change })
    return new Promise((settle) => this.#unconfirmed.push(settle))
  }

  /** Tells published orders. Resolves once the transport has taken them, which waits for a slow reader. */
  tell(tailed: Tailed): Promise<void> {
    this.#stream.send({ tailed })
    return this.#stream.drained()
  }

  /** Nothing that was sent counts as confirmed any more, whatever the front end still says. */
  giveUpInvalidations(): void {
    for (const settle of this.#unconfirmed.splice(0)) settle(false)
  }

  close(): void {
    this.#stream.close()
  }

  #message({ hello, ping, place, query, invalidated, tail }: FrontEndToReplica): void {
    // A second name on one stream would be kept when the stream is over.
    if (hello && this.#hello) return this.close()
    if (hello) this.#greeted(hello)
    if (ping) this.#stream.send({ pong: this.#owner.pinged(ping, this.#hello) })
    if (place) this.#place(place)
    if (query) void this.#find(query)
    if (invalidated) this.#unconfirmed.shift()?.(true)
    // The owner hears of the end of a front end that has said who it is.
    if (tail && this.#hello) this.#owner.tailed(this, tail)
  }

  #closed(): void {
    this.#isGone = true
    this.giveUpInvalidations()
    if (this.#hello) this.#owner.gone(this, this.#hello)
  }

  #greeted(hello: RouteHello): void {
    this.#hello = hello
    this.#owner.greeted(this, hello)
  }

  #place({ first, requests }: PlaceBatch): void {
    const pending = (request: OrderRequest, at: number): PendingOrder => ({
      request,
      settle: (answer) => this.#settled({ id: first + at, ...answer }),
    })
    this.#owner.placed(requests.map(pending))
  }

  /** Outcomes of one moment travel in one message. */
  #settled(outcome: PlaceOutcome): void {
    if (this.#outcomes.push(outcome) > 1) return
    queueMicrotask(() => {
      const all = this.#outcomes
      this.#outcomes = []
      for (let at = 0; at < all.length; at += LIMITS.outcomesMax) {
        this.#stream.send({ result: { outcomes: all.slice(at, at + LIMITS.outcomesMax) } })
      }
    })
  }

  async #find(query: OrderQuery): Promise<void> {
    if (query.limit === 0) return this.#answer(query, await this.#owner.asked(query, this))
    const listed = await this.#listings.run(this, LISTING_PATIENCE_MS, () => this.#list(query))
    if (!listed) this.#answer(query, { kind: 'unavailable' })
  }

  async #list(query: OrderQuery): Promise<true> {
    this.#answer(query, await this.#owner.asked(query, this))
    await this.#stream.drained()
    return true
  }

  #answer({ query }: OrderQuery, found: OrdersFound): void {
    const entries = found.kind === 'found' ? found.entries : []
    this.#stream.send({ answer: { query, result: found.kind, entries } })
  }
}
