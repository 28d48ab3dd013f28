import type { OrderRequest } from '../domain/order.ts'
import type { SystemName } from '../domain/system.ts'
import type { MessageStream } from '../wire/network.ts'
import { Questions } from '../runtime/questions.ts'
import type { Runtime } from '../wire/runtime.ts'
import { ForeignReplica, type ForeignPlaced } from './foreign-replica.ts'
import type { FrontEndToReplica, OrderAnswer, PlaceOutcome, Pong, ReplicaToFrontEnd, StockChange } from '../wire/messages.ts'
import { ReplyTimes } from './reply-times.ts'

/** What `status` and the log say of a replica that knows the contract's single calls only. */
export const FOREIGN_WORDS = 'another program: single calls, no guarantee'
/**
 * A replica that leaves so many pings unanswered in a row is taken for dead; one that has lately been slow to answer gets
 * more time.
 */
const MISSED_PINGS_MAX = 3

/** How often it is told that a replica is still gone. */
const GONE_REPORT_MS = 10_000

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
}

/** A replica as the front end's start arguments name it, and where to ask what a program of another make cannot tell. */
export interface NamedReplica {
  readonly id: number
  readonly address: string
  readonly catalogueAddress: string
}

/**
 * The front end's way to one replica: a stream, opened again whenever it breaks, or the single calls of the contract where
 * a program answers that does not know the stream. Which one it is is found out anew whenever the replica was gone.
 */
export class ReplicaLink {
  readonly id: number
  readonly address: string
  readonly #runtime: Runtime
  readonly #catalogueAddress: string
  readonly #frontEndId: string
  readonly #events: LinkEvents
  #stream: MessageStream<FrontEndToReplica> | undefined
  #foreign: ForeignReplica | undefined
  #saidForeign = false
  #pong: Pong | undefined
  #lastPing = 0
  #missedPings = 0
  readonly #replyTimes = new ReplyTimes()
  /** When it was last heard, or its stream opened, by the time that this process was awake. */
  #heardAt = 0
  /** When it was last known to live; monotonic. */
  #goneSince: number
  /** For how long it had been gone when that was told last. */
  #toldGoneMs = 0
  readonly #queries: Questions<OrderAnswer>
  #why = 'not tried yet'

  constructor(runtime: Runtime, replica: NamedReplica, frontEndId: string, events: LinkEvents) {
    this.#runtime = runtime
    this.#queries = new Questions(runtime.clock)
    this.#goneSince = runtime.clock.monotonicMs()
    this.id = replica.id
    this.address = replica.address
    this.#catalogueAddress = replica.catalogueAddress
    this.#frontEndId = frontEndId
    this.#events = events
  }

  /** Whether another program answers there, which knows the single calls only. */
  get isForeign(): boolean {
    return this.#foreign !== undefined
  }

  /** What the replica last said of itself, or what is assumed of another program; undefined while it is not known to live. */
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

  /** For how long it has not been known to live, in ms; 0 when it is. */
  get goneMs(): number {
    return this.#pong ? 0 : Math.max(1, Math.round(this.#runtime.clock.monotonicMs() - this.#goneSince))
  }

  /** For how long a replica that lives may say nothing, as far as it has shown; in ms, 0 when it answers at once. */
  get patienceMs(): number {
    return this.#replyTimes.patienceMs
  }

  /** One beat: connects if need be, gives up on a replica that is silent, pings. */
  beat(leader: KnownLeader | undefined, system: SystemName): void {
    if (this.#foreign) return this.#foreign.ping()
    const now = this.#runtime.clock.awakeMs()
    const isLate = now - this.#heardAt >= this.patienceMs
    if (this.#missedPings >= MISSED_PINGS_MAX && isLate) this.#down(`${this.#missedPings} pings unanswered`)
    if (!this.#pong) this.#tellGone()
    const stream = this.#stream ?? this.#open()
    this.#missedPings += 1
    this.#lastPing += 1
    this.#replyTimes.sent(this.#lastPing, now)
    const { clusterId, catalogueAddress } = system
    const ping = { ping: this.#lastPing, leaderEpoch: leader?.epoch ?? 0, leaderId: leader?.id ?? -1, clusterId, catalogueAddress }
    stream.send({ ping })
  }

  place(first: number, requests: readonly OrderRequest[]): void {
    this.#stream?.send({ place: { first, requests } })
  }

  /** Has a leader of another make place one order; see {@link ForeignReplica.place}. */
  async placeSingle(request: OrderRequest, mayPlace: boolean): Promise<ForeignPlaced> {
    const placed: ForeignPlaced = (await this.#foreign?.place(request, mayPlace)) ?? { kind: 'not-placed' }
    if (placed.kind === 'not-leader') this.cannotLead(placed.why)
    return placed
  }

  /** Another program has shown that it does not lead: it is not elected again before it was gone. */
  cannotLead(why: string): void {
    if (!this.#foreign || !this.#pong?.canLead) return
    this.#runtime.log.warn({ replica: this.id, address: this.address, why }, 'the other program does not lead')
    this.#pong = { ...this.#pong, canLead: false, trouble: why }
    this.#events.down(this, why)
  }

  /** Asks for one order (limit 0) or a listing. Undefined when there is no answer in time. */
  query(number: number, limit: number, deadlineMs: number): Promise<OrderAnswer | undefined> {
    if (this.#foreign) return this.#foreign.query(number, limit)
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
        if (this.#stream !== stream) return
        if (cause.code === 'UNIMPLEMENTED') this.#speakSingly()
        else this.#down(cause.message)
      },
    })
    this.#stream = stream
    this.#missedPings = 0
    this.#heardAt = this.#runtime.clock.awakeMs()
    this.#replyTimes.begin()
    const hello = { frontEndId: this.#frontEndId, replicaId: this.id, replicaAddress: this.address }
    stream.send({ hello })
    return stream
  }

  /** Another program answers there. */
  #speakSingly(): void {
    this.#stream = undefined
    this.#pong = undefined
    const foreign = new ForeignReplica(this.#runtime, this.address, this.#catalogueAddress, {
      answers: () => this.#heardForeign(),
      gone: (why) => this.#down(why),
    })
    this.#foreign = foreign
    foreign.ping()
  }

  #heardForeign(): void {
    if (this.#pong) return
    if (!this.#saidForeign) this.#runtime.log.warn({ replica: this.id, address: this.address }, FOREIGN_WORDS)
    this.#saidForeign = true
    const said = { ping: this.#lastPing, replicaId: this.id, role: 'another program', epoch: 0, length: 0 }
    this.#pong = { ...said, canLead: true, trouble: '', clusterId: '', catalogueAddress: '' }
    this.#events.pong(this)
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
    this.#heardAt = this.#runtime.clock.awakeMs()
    this.#replyTimes.answered(pong.ping, this.#heardAt)
    if (!this.#pong) this.#runtime.log.info({ replica: this.id, address: this.address }, 'replica answers')
    this.#pong = pong
    this.#events.pong(this)
  }

  #tellGone(): void {
    const ms = this.goneMs
    if (ms < this.#toldGoneMs + GONE_REPORT_MS) return
    this.#toldGoneMs = ms
    this.#runtime.log.warn({ replica: this.id, address: this.address, ms, why: this.#why }, 'replica is still gone')
  }

  #down(why: string): void {
    const stream = this.#stream
    this.#foreign?.close()
    this.#foreign = undefined
    const wasUp = this.#pong !== undefined
    if (wasUp) {
      this.#goneSince = this.#runtime.clock.monotonicMs()
      this.#toldGoneMs = 0
    }
    this.#stream = undefined
    this.#pong = undefined
    this.#missedPings = 0
    if (wasUp || why !== this.#why) this.#runtime.log.warn({ replica: this.id, address: this.address, why }, 'replica is gone')
    this.#why = why
    stream?.close()
    this.#queries.giveUp()
    if (wasUp || stream) this.#events.down(this, why)
  }
}
