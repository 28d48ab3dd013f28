import type { OrderRequest } from '../domain/order.ts'
import type { MessageStream } from '../runtime/network.ts'
import { Questions } from '../runtime/questions.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FrontEndToReplica, OrderAnswer, PlaceOutcome, Pong, ReplicaToFrontEnd, StockChange } from '../rpc/messages.ts'

/** A replica that leaves so many pings unanswered in a row is taken for dead. */
const MISSED_PINGS_MAX = 3

export interface LinkEvents {
  /** Why the replica that says so is none of this system's, or undefined. */
  objection(pong: Pong): string | undefined
  pong(link: ReplicaLink): void
  /** The replica is gone: refused, reset, or silent. */
  down(link: ReplicaLink, why: string): void
  outcomes(link: ReplicaLink, outcomes: readonly PlaceOutcome[]): void
  invalidate(change: StockChange): void
}

export interface KnownLeader {
  readonly epoch: number
  readonly id: number
  /** The cluster that it leads; '' when nobody has said so yet. */
  readonly clusterId: string
}

/** The front end's stream to one replica, opened again whenever it breaks. */
export class ReplicaLink {
  readonly id: number
  readonly address: string
  readonly #runtime: Runtime
  readonly #frontEndId: string
  readonly #events: LinkEvents
  #stream: MessageStream<FrontEndToReplica> | undefined
  #pong: Pong | undefined
  #lastPing = 0
  #missedPings = 0
  readonly #queries: Questions<OrderAnswer>
  #why = 'not tried yet'

  constructor(runtime: Runtime, replica: { id: number; address: string }, frontEndId: string, events: LinkEvents) {
    this.#runtime = runtime
    this.#queries = new Questions(runtime.clock)
    this.id = replica.id
    this.address = replica.address
    this.#frontEndId = frontEndId
    this.#events = events
  }

  /** What the replica last said of itself; undefined while it is not known to live. */
  get pong(): Pong | undefined {
    return this.#pong
  }

  /** Number of the last ping sent. */
  get lastPing(): number {
    return this.#lastPing
  }

  /** Why the replica is not there. */
  get trouble(): string {
    return this.#why
  }

  /** One beat: connects if need be, gives up on a replica that is silent, pings. */
  beat(leader: KnownLeader | undefined): void {
    if (this.#missedPings >= MISSED_PINGS_MAX) this.#down(`${MISSED_PINGS_MAX} pings unanswered`)
    const stream = this.#stream ?? this.#open()
    this.#missedPings += 1
    this.#lastPing += 1
    stream.send({ ping: { ping: this.#lastPing, leaderEpoch: leader?.epoch ?? 0, leaderId: leader?.id ?? -1, clusterId: leader?.clusterId ?? '' } })
  }

  place(first: number, requests: readonly OrderRequest[]): void {
    this.#stream?.send({ place: { first, requests } })
  }

  /** Asks for one order (limit 0) or a listing. Undefined when there is no answer in time. */
  query(number: number, limit: number, deadlineMs: number): Promise<OrderAnswer | undefined> {
    const stream = this.#stream
    if (!stream) return Promise.resolve(undefined)
    return this.#queries.ask((query) => stream.send({ query: { query, number, limit } }), deadlineMs)
  }

  close(): void {
    this.#down('this front end is stopping')
  }

  #open(): MessageStream<FrontEndToReplica> {
    const stream = this.#runtime.network.openStream(this.address, 'Order.Route', {
      message: (message) => {
        if (this.#stream === stream) this.#message(message)
      },
      closed: (cause) => {
        if (this.#stream === stream) this.#down(cause.message)
      },
    })
    this.#stream = stream
    this.#missedPings = 0
    const hello = { frontEndId: this.#frontEndId, replicaId: this.id, replicaAddress: this.address }
    stream.send({ hello })
    return stream
  }

  #message({ pong, result, answer, invalidate }: ReplicaToFrontEnd): void {
    if (result) this.#events.outcomes(this, result.outcomes)
    if (answer) this.#queries.answered(answer.query, answer)
    if (invalidate) {
      this.#events.invalidate(invalidate)
      this.#stream?.send({ invalidated: invalidate })
    }
    if (pong) this.#heard(pong)
  }

  #heard(pong: Pong): void {
    const objection =
      pong.replicaId === this.id ? this.#events.objection(pong) : `replica ${pong.replicaId} answers at ${this.address}, where ${this.id} is expected`
    if (objection !== undefined) return this.#down(`${objection}: check the start arguments`)
    this.#missedPings = 0
    if (!this.#pong) this.#runtime.log.info({ replica: this.id, address: this.address }, 'replica answers')
    this.#pong = pong
    this.#events.pong(this)
  }

  #down(why: string): void {
    const stream = this.#stream
    const wasUp = this.#pong !== undefined
    this.#stream = undefined
    this.#pong = undefined
    this.#missedPings = 0
    if (why !== this.#why) this.#runtime.log.warn({ replica: this.id, address: this.address, why }, 'replica is gone')
    this.#why = why
    stream?.close()
    this.#queries.giveUp()
    if (wasUp || stream) this.#events.down(this, why)
  }
}
