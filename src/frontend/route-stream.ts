import type { OrderRequest } from '../domain/order.ts'
import type { SystemName } from '../domain/system.ts'
import { Questions } from '../runtime/questions.ts'
import type {
  FrontEndToReplica,
  OrderAnswer,
  PlaceOutcome,
  Pong,
  ReplicaToFrontEnd,
  RouteHello,
  StockChange,
  Tailed,
} from '../wire/messages.ts'
import type { MessageStream } from '../wire/network.ts'
import type { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'

/** The state of a replica, as it tells it. */
export interface ReplicaState extends SystemName {
  /** The number of the ping that this state answers. */
  readonly ping: number
  readonly replicaId: number
  /** The role in words, for people. */
  readonly role: string
  /** Epoch of the assignment that the replica leads under; 0 when it does not lead. */
  readonly epoch: number
  readonly canLead: boolean
  /** Why the replica cannot lead; undefined when it can. */
  readonly trouble: string | undefined
  /** Length of the replica's log, in entries. */
  readonly length: number
  /** True when the replica can tell published orders as they come. */
  readonly tails: boolean
}

/** The leader that this front end uses, as its pings tell it. */
export interface KnownLeader {
  readonly epoch: number
  readonly id: number
}

/** The owner of the stream. Each message becomes one of these calls. Nothing is called once the owner has closed the stream. */
export interface RouteOwner {
  /** The replica has answered a ping. Pings are answered in order. */
  pong(state: ReplicaState): void
  /** Orders have ended, or were refused. */
  outcomes(outcomes: readonly PlaceOutcome[]): void
  /** Trades have changed these stocks. Once this returns, nothing older is cached, and the stream tells the replica so. */
  invalidate(change: StockChange): void
  /** The next published orders of the tail that was asked for last, or of one before it. */
  tailed(tailed: Tailed): void
  /** The stream is over. UNIMPLEMENTED says that the program at the other end does not know it. */
  gone(cause: RpcError): void
}

/**
 * The front end's end of one `Order.Route`. It carries pings, orders and their outcomes, order queries, and invalidations. It
 * lives as long as its connection. Another connection needs a new object.
 */
export class RouteStream {
  readonly #runtime: Runtime
  readonly #address: string
  readonly #owner: RouteOwner
  readonly #queries: Questions<OrderAnswer>
  #stream: MessageStream<FrontEndToReplica> | undefined

  /** `address`: "host:port" of the replica. */
  constructor(runtime: Runtime, address: string, owner: RouteOwner) {
    this.#runtime = runtime
    this.#address = address
    this.#owner = owner
    this.#queries = new Questions(runtime.clock)
  }

  /** True while a query waits for its answer. */
  get isAsked(): boolean {
    return this.#queries.open > 0
  }

  /** Connects. Calls `gone` when it cannot. */
  start(hello: RouteHello): void {
    this.#stream = this.#runtime.network.openStream(this.#address, 'Order.Route', {
      message: (message) => {
        if (this.#stream) this.#message(message)
      },
      closed: (cause) => {
        if (!this.#stream) return
        this.close()
        this.#owner.gone(cause)
      },
    })
    this.#stream.send({ hello })
  }

  ping(number: number, leader: KnownLeader | undefined, { clusterId = '', catalogueAddress }: SystemName): void {
    const ping = { ping: number, leaderEpoch: leader?.epoch ?? 0, leaderId: leader?.id ?? -1, clusterId, catalogueAddress }
    this.#stream?.send({ ping })
  }

  /** Sends orders under the ids `first`, `first` + 1, … Their outcomes name these ids. */
  place(first: number, requests: readonly OrderRequest[]): void {
    this.#stream?.send({ place: { first, requests } })
  }

  /**
   * Asks for one order (limit 0) or a listing of up to `limit` orders from `number` on. Returns undefined when there is no
   * answer in time.
   */
  query(number: number, limit: number, deadlineMs: number): Promise<OrderAnswer | undefined> {
    const stream = this.#stream
    if (!stream) return Promise.resolve(undefined)
    return this.#queries.ask((query) => stream.send({ query: { query, number, limit } }), deadlineMs)
  }

  /** Asks for each published order from number `from` on, under this number of the tail; with `tail` 0, for no more. */
  tail(tail: number, from: number): void {
    this.#stream?.send({ tail: { tail, from } })
  }

  /** Closes the stream, and gives up all questions. */
  close(): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.close()
    this.#queries.giveUp()
  }

  #message({ pong, result, answer, invalidate, tailed }: ReplicaToFrontEnd): void {
    if (result) this.#owner.outcomes(result.outcomes)
    if (answer) this.#queries.answered(answer.query, answer)
    if (invalidate) {
      this.#owner.invalidate(invalidate)
      this.#stream?.send({ invalidated: invalidate })
    }
    if (tailed) this.#owner.tailed(tailed)
    if (pong) this.#owner.pong(fromWirePong(pong))
  }
}

const fromWirePong = ({ trouble, clusterId, ...state }: Pong): ReplicaState => ({
  ...state,
  trouble: trouble || undefined,
  clusterId: clusterId || undefined,
})
