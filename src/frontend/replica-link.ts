import type { OrderRequest } from '../domain/order.ts'
import type { SystemName } from '../domain/system.ts'
import type { OrderAnswer, PlaceOutcome, Tailed } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { ForeignReplica, type ForeignPlaced } from './foreign-replica.ts'
import type { Orders, OrderTaker } from './orders.ts'
import { ReplyTimes } from './reply-times.ts'
import { RouteStream, type KnownLeader, type ReplicaState } from './route-stream.ts'
import type { StockCache } from './stock-cache.ts'

/** Words of `status` and of the log for a replica that knows the contract's single calls only. */
export const FOREIGN_WORDS = 'another program: single calls, no guarantee'
/** A replica that leaves so many pings in a row unanswered is taken for dead. One that has lately been slow gets more time. */
const MISSED_PINGS_MAX = 3

/** How often the log says that a replica is still gone. */
const GONE_REPORT_MS = 10_000

/** The watcher chooses the leader by what replicas say of themselves. */
export interface LinkWatcher {
  /** A client's request goes to a replica, and waits for the answer. */
  used(): void
  /** Returns why a replica in this state does not belong to this system, or undefined when it may belong to it. */
  objection(state: ReplicaState): string | undefined
  /** The replica has told its state: see {@link ReplicaLink.state}. */
  heard(link: ReplicaLink): void
  /** The replica is gone (refused, reset, or silent), or says that it does not lead. */
  lost(link: ReplicaLink): void
}

/** The receivers take in everything else that a replica says. */
export interface LinkReceivers {
  readonly orders: Pick<Orders, 'settle'>
  readonly cache: Pick<StockCache, 'invalidate'>
  /** Hears of published orders for which it has asked. */
  readonly feed: { tailed(from: ReplicaLink, tailed: Tailed): void }
}

/** A replica as the front end's start arguments name it. */
export interface NamedReplica {
  readonly id: number
  /** "host:port" */
  readonly address: string
}

/** The front end that a link belongs to, as replicas are told of it. */
export interface FrontEndIdentity {
  readonly frontEndId: string
  /** Its cluster is known once the catalogue has named it. */
  readonly system: SystemName
}

/**
 * The front end's way to one replica. It is a stream, which is opened again whenever it breaks. For a program that does not
 * know the stream, it is the single calls of the contract. Whenever the replica was gone, the link finds out anew which of
 * the two it needs.
 */
export class ReplicaLink implements OrderTaker {
  readonly id: number
  readonly address: string
  readonly #runtime: Runtime
  readonly #self: FrontEndIdentity
  readonly #receivers: LinkReceivers
  readonly #watcher: LinkWatcher
  #stream: RouteStream | undefined
  #foreign: ForeignReplica | undefined
  #saidForeign = false
  #state: ReplicaState | undefined
  #lastPing = 0
  #missedPings = 0
  readonly #replyTimes = new ReplyTimes()
  /** When the replica was last heard or its stream was opened; measured by the time that this process was awake. */
  #heardAt = 0
  /** When the replica was last known to live; monotonic time. */
  #goneSince: number
  /** How long the replica had been gone when the log last said so; in ms. */
  #toldGoneMs = 0
  #why = 'not tried yet'

  constructor(runtime: Runtime, replica: NamedReplica, self: FrontEndIdentity, receivers: LinkReceivers, watcher: LinkWatcher) {
    this.#runtime = runtime
    this.id = replica.id
    this.address = replica.address
    this.#self = self
    this.#receivers = receivers
    this.#watcher = watcher
    this.#goneSince = runtime.clock.monotonicMs()
  }

  /** True when another program answers there, which knows only the single calls. */
  get isForeign(): boolean {
    return this.#foreign !== undefined
  }

  /**
   * The state that the replica last told. For another program a state is assumed. Undefined while the replica is not known to
   * live.
   */
  get state(): ReplicaState | undefined {
    return this.#state
  }

  /** Number of the last ping sent. */
  get lastPing(): number {
    return this.#lastPing
  }

  /** Why the replica is not there. */
  get trouble(): string {
    return this.#why
  }

  /** How long the replica has not been known to live, in ms; 0 while it is known to live. */
  get goneMs(): number {
    return this.#state ? 0 : Math.max(1, Math.round(this.#runtime.clock.monotonicMs() - this.#goneSince))
  }

  /** How long the replica may be silent, by its reply times so far; in ms, 0 when it answers at once. */
  get patienceMs(): number {
    return this.#replyTimes.patienceMs
  }

  /** True for a replica of ours that has answered every ping, when no query waits for its answer. */
  get isCalm(): boolean {
    return this.#state !== undefined && !this.isForeign && this.#missedPings === 0 && this.#stream?.isAsked === false
  }

  /** Forgets the pings that the replica has not answered. Those that follow count anew. */
  startOver(): void {
    this.#missedPings = 0
    this.#heardAt = this.#runtime.clock.awakeMs()
  }

  /** Does what each beat has to do: gives up on a silent replica, connects if need be, and pings. */
  beat(leader: KnownLeader | undefined): void {
    if (this.#foreign) return this.#foreign.ping()
    const now = this.#runtime.clock.awakeMs()
    const isLate = now - this.#heardAt >= this.patienceMs
    if (this.#missedPings >= MISSED_PINGS_MAX && isLate) this.#down(`${this.#missedPings} pings unanswered`)
    if (!this.#state) this.#tellGone()
    const stream = this.#stream ?? this.#open()
    this.#missedPings += 1
    this.#lastPing += 1
    this.#replyTimes.sent(this.#lastPing, now)
    stream.ping(this.#lastPing, leader, this.#self.system)
  }

  place(first: number, requests: readonly OrderRequest[]): void {
    this.#watcher.used()
    this.#stream?.place(first, requests)
  }

  /** Has a leader of another make place one order; see {@link ForeignReplica.place}. */
  async placeSingle(request: OrderRequest, mayPlace: boolean): Promise<ForeignPlaced> {
    const placed: ForeignPlaced = (await this.#foreign?.place(request, mayPlace)) ?? { kind: 'not-placed' }
    if (placed.kind === 'not-leader') this.cannotLead(placed.why)
    return placed
  }

  /** Notes that another program has shown that it does not lead. It is elected again only after it was gone. */
  cannotLead(why: string): void {
    if (!this.#foreign || !this.#state?.canLead) return
    this.#runtime.log.warn({ replica: this.id, address: this.address, why }, 'the other program does not lead')
    this.#state = { ...this.#state, canLead: false, trouble: why }
    this.#watcher.lost(this)
  }

  /** Asks for one order (limit 0) or a listing. Returns undefined when there is no answer in time. */
  query(number: number, limit: number, deadlineMs: number): Promise<OrderAnswer | undefined> {
    if (this.#foreign) return this.#foreign.query(number, limit)
    this.#watcher.used()
    return this.#stream?.query(number, limit, deadlineMs) ?? Promise.resolve(undefined)
  }

  /** Says whether the replica can tell published orders as they come. */
  get canTail(): boolean {
    return this.#state?.tails === true
  }

  /** Asks for each published order from a number on: see {@link RouteStream.tail}. */
  tail(tail: number, from: number): void {
    this.#stream?.tail(tail, from)
  }

  close(): void {
    this.#down('this front end is stopping')
  }

  #open(): RouteStream {
    const stream = new RouteStream(this.#runtime, this.address, {
      pong: (state) => this.#heard(state),
      outcomes: (outcomes) => this.#outcomes(outcomes),
      invalidate: ({ names, number }) => this.#receivers.cache.invalidate(names, number),
      tailed: (tailed) => this.#receivers.feed.tailed(this, tailed),
      gone: ({ code, message }) => (code === 'UNIMPLEMENTED' ? this.#speakSingly() : this.#down(message)),
    })
    this.#stream = stream
    this.#missedPings = 0
    this.#heardAt = this.#runtime.clock.awakeMs()
    this.#replyTimes.begin()
    stream.start({ frontEndId: this.#self.frontEndId, replicaId: this.id, replicaAddress: this.address })
    return stream
  }

  /** Goes over to single calls, since another program answers there. */
  #speakSingly(): void {
    this.#stream = undefined
    this.#state = undefined
    const foreign = new ForeignReplica(this.#runtime, this.address, this.#self.system.catalogueAddress, {
      answers: () => this.#heardForeign(),
      gone: (why) => this.#down(why),
    })
    this.#foreign = foreign
    foreign.ping()
  }

  #heardForeign(): void {
    if (this.#state) return
    if (!this.#saidForeign) this.#runtime.log.warn({ replica: this.id, address: this.address }, FOREIGN_WORDS)
    this.#saidForeign = true
    const { catalogueAddress } = this.#self.system
    const assumed = { replicaId: this.id, role: 'another program', epoch: 0, length: 0, canLead: true, trouble: undefined, tails: false }
    this.#state = { ...assumed, ping: this.#lastPing, clusterId: undefined, catalogueAddress }
    this.#watcher.heard(this)
  }

  #outcomes(outcomes: readonly PlaceOutcome[]): void {
    if (this.#receivers.orders.settle(outcomes) === 'not-leader') this.#watcher.lost(this)
  }

  #heard(state: ReplicaState): void {
    const { ping, replicaId } = state
    const objection =
      replicaId === this.id
        ? this.#watcher.objection(state)
        : `replica ${replicaId} answers at ${this.address}, where ${this.id} is expected`
    if (objection !== undefined) return this.#down(`${objection}: check the start arguments`)
    this.#missedPings = 0
    this.#heardAt = this.#runtime.clock.awakeMs()
    this.#replyTimes.answered(ping, this.#heardAt)
    if (!this.#state) this.#runtime.log.info({ replica: this.id, address: this.address }, 'replica answers')
    this.#state = state
    this.#watcher.heard(this)
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
    const wasUp = this.#state !== undefined
    if (wasUp) {
      this.#goneSince = this.#runtime.clock.monotonicMs()
      this.#toldGoneMs = 0
    }
    this.#stream = undefined
    this.#state = undefined
    this.#missedPings = 0
    if (wasUp || why !== this.#why) this.#runtime.log.warn({ replica: this.id, address: this.address, why }, 'replica is gone')
    this.#why = why
    stream?.close()
    if (wasUp || stream) this.#watcher.lost(this)
  }
}
