import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import { Pulse } from '../runtime/pulse.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Network } from '../wire/network.ts'
import type { FollowerState, FollowerView, ReplicateHello } from '../wire/messages.ts'
import type { OrderLog } from '../storage/order-log.ts'
import { ForeignFollower } from './foreign-follower.ts'
import type { Pace } from './pace.ts'
import { ReplicateSender, toWireAppend, type AppendMessage } from './replicate-stream.ts'

const HEARTBEAT_MS = 200
/** The same when nothing has been traded for a while and every follower answers. */
const RESTING_HEARTBEAT_MS = 2_000
const HEARTBEAT_RESTS_AFTER_MS = 2_000
const SILENCE_CHECK_MS = 50
/** An in-sync follower that owes an answer for longer is dropped, and orders go on without it. */
const IN_SYNC_SILENCE_MS = 300
/** A learner, or one that has nothing to do, holds nobody up and gets more time. */
const LEARNER_SILENCE_MS = 5_000
/** Messages of catch-up entries on their way to one learner. */
const CATCH_UP_WINDOW = 4

/** A learner has not caught up yet; an in-sync follower holds everything, and nothing is acknowledged without it. */
type Phase = 'connecting' | 'learner' | 'in-sync'

interface Follower {
  readonly address: string
  readonly sender: ReplicateSender
  phase: Phase
  /** Length of the log that was sent to it, and that it holds on disk. */
  sent: number
  held: number
  /** When it last answered anything, heartbeats included, by the time that this process was awake. */
  heardAt: number
  /** It was sent something, heartbeats included, and has answered nothing since. */
  owes: boolean
  /** When it was last sent something while it held everything before. */
  owesSince: number
  /** Where each catch-up message ends that it has not answered yet. */
  readonly catchingUp: number[]
  /** A catch-up read is under way. */
  reading: boolean
  /** Aborts when it becomes in-sync: from then on orders wait for what it reads. */
  readonly awaited: AbortController
  /** `Order.Synchronize` has streamed it all orders below this number, as it does for a program of another make. */
  streamed: number | undefined
}

/** The leader's part in what its followers are told and sent. */
export interface Lead {
  hello(): ReplicateHello
  readonly log: OrderLog
  readonly pace: Pace
  published(): number
}

/**
 * The followers of one leader.
 *
 * O1, for the followers: `held(position)` resolves only when every in-sync follower holds the log up to there on disk.
 * F1. A follower becomes in-sync when it holds everything the leader's own log holds. One with a longer log is sent the
 *     digest first: it compares, and says how much it holds of the leader's log.
 * F2. An in-sync follower that is silent with work outstanding is dropped: its stream is closed, and it has to ask again.
 *     A follower that owes nothing but answers to heartbeats is dropped later.
 */
export class Followers {
  readonly #clock: Clock
  readonly #network: Network
  readonly #log: Logger
  readonly #lead: Lead
  readonly #followers = new Map<string, Follower>()
  readonly #foreign = new Map<string, ForeignFollower>()
  readonly #waiting = new Set<{ position: number; resolve: () => void }>()
  readonly #heartbeats: Pulse
  /** Looks for followers that are silent, as long as one owes an answer. */
  #watch: readonly Timer[] = []

  constructor(clock: Clock, network: Network, log: Logger, lead: Lead) {
    this.#clock = clock
    this.#network = network
    this.#log = log
    this.#lead = lead
    const pace = { everyMs: HEARTBEAT_MS, restMs: RESTING_HEARTBEAT_MS, restAfterMs: HEARTBEAT_RESTS_AFTER_MS }
    this.#heartbeats = new Pulse(clock, pace, { isCalm: () => this.#isCalm(), beat: () => this.#heartbeat() })
  }

  /** Begins with the heartbeats. */
  start(): void {
    this.#heartbeats.start()
  }

  /**
   * Adds a follower, or starts over with one that asks again. `streamed`: a program of another make was sent all orders
   * below this number when it asked.
   */
  add(address: string, streamed?: number): void {
    const known = this.#followers.get(address)
    // Right after an election the leader looks for its followers and they look for it. What is under way is not begun again.
    if (known?.phase === 'connecting') {
      known.streamed = streamed ?? known.streamed
      return
    }
    if (known) this.#drop(known, 'it starts over')
    if (!this.#makeRoom()) return this.#log.warn({ follower: address }, 'there are as many followers as can be: not taken in')
    this.holdBack(address)
    const sender = new ReplicateSender(this.#network, address, {
      holds: (state) => this.#heard(follower, state),
      gone: (why) => this.#drop(follower, why),
      isForeign: () => this.#isForeign(follower),
    })
    const now = this.#clock.awakeMs()
    const begun = {
      sent: 0,
      held: 0,
      heardAt: now,
      owes: true,
      owesSince: now,
      catchingUp: [],
      reading: false,
      awaited: new AbortController(),
    }
    const follower: Follower = { address, sender, phase: 'connecting', ...begun, streamed }
    this.#followers.set(address, follower)
    sender.start(this.#lead.hello())
    this.#heartbeats.wake()
    this.#watchSilence()
  }

  /** Sends newly decided entries to everyone who has got all before them; the others catch up from the log. */
  send(from: number, entries: readonly Entry[], digest: string): void {
    this.#heartbeats.wake()
    const whole = this.#message(from, entries, digest) // One object for all: it is encoded once.
    for (const follower of this.#followers.values()) {
      const lacks = follower.sent - from
      if (follower.phase === 'connecting' || lacks < 0 || lacks >= entries.length) continue
      this.#append(follower, lacks === 0 ? whole : this.#message(follower.sent, entries.slice(lacks), digest))
    }
  }

  /** The leader's own log has grown: whoever was sent less may go on. */
  logGrew(): void {
    for (const follower of this.#followers.values()) {
      if (follower.phase !== 'connecting') this.#advance(follower)
    }
  }

  /** If a follower of another make is there, it is offered nothing more until it is added again. */
  holdBack(address: string): void {
    this.#foreign.get(address)?.close()
    this.#foreign.delete(address)
  }

  /** More is published, so followers of another make may be offered it. */
  publishedGrew(): void {
    for (const foreign of this.#foreign.values()) foreign.advance()
  }

  /** O1 */
  held(position: number): Promise<void> {
    if (this.#allHold(position)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.add({ position, resolve }))
  }

  views(): FollowerView[] {
    const own = [...this.#followers.values()].map(({ address, phase, held }) => ({ address, state: phase, length: held }))
    return [...own, ...[...this.#foreign.values()].map(({ address, held }) => ({ address, state: 'another program', length: held }))]
  }

  close(): void {
    this.#heartbeats.close()
    this.#endWatch()
    for (const follower of [...this.#followers.values()]) this.#drop(follower, 'this replica leads no more')
    for (const foreign of this.#foreign.values()) foreign.close()
    this.#foreign.clear()
  }

  /** F3. The program there does not know `Order.Replicate`. */
  #isForeign(follower: Follower): void {
    const { address, streamed } = follower
    this.#followers.delete(address)
    const leader = {
      clock: this.#clock,
      network: this.#network,
      log: this.#log,
      orders: this.#lead.log,
      published: () => this.#lead.published(),
    }
    const foreign = new ForeignFollower(leader, address, streamed, (why) => {
      if (this.#foreign.get(address) === foreign) this.#foreign.delete(address)
      this.#log.warn({ follower: address, held: foreign.held, why }, 'the other program follows no more')
    })
    this.#foreign.set(address, foreign)
    foreign.start()
  }

  #heard(follower: Follower, state: FollowerState): void {
    follower.heardAt = this.#clock.awakeMs()
    follower.owes = false
    if (follower.phase === 'connecting') void this.#admit(follower, state)
    else {
      follower.held = Math.min(state.length, follower.sent)
      while (follower.catchingUp[0]! <= follower.held) follower.catchingUp.shift()
      this.#advance(follower)
    }
  }

  /** The follower has said how far its log goes. */
  async #admit(follower: Follower, state: FollowerState): Promise<void> {
    const { log } = this.#lead
    const common = Math.min(state.length, log.head().length)
    const isLonger = common < state.length
    const digest = await log.digestAt(common)
    if (!isLonger && digest !== state.digest && common > 0) {
      this.#log.error({ follower: follower.address, length: state.length }, 'the follower holds another history')
      return follower.sender.fork()
    }
    if (this.#followers.get(follower.address) !== follower || follower.phase !== 'connecting') return
    follower.phase = 'learner'
    follower.sent = common
    follower.held = isLonger ? 0 : common
    if (isLonger) this.#append(follower, this.#message(common, [], digest))
    this.#advance(follower)
  }

  #advance(follower: Follower): void {
    const { length } = this.#lead.log.head()
    if (follower.phase === 'learner' && follower.held >= length) {
      follower.phase = 'in-sync' // F1
      follower.awaited.abort()
      this.#log.info({ follower: follower.address, length: follower.held }, 'follower in sync')
    }
    if (follower.sent < length) void this.#catchUp(follower)
    this.#recheck()
  }

  /** Sends a follower what it lacks of the log, a window at a time. Orders go first, unless they wait for this follower. */
  async #catchUp(follower: Follower): Promise<void> {
    const { log, pace } = this.#lead
    if (follower.reading) return
    follower.reading = true
    const mayGoOn = () => this.#followers.get(follower.address) === follower && follower.catchingUp.length < CATCH_UP_WINDOW
    while (mayGoOn() && follower.sent < log.head().length) {
      const begunAt = this.#clock.monotonicMs()
      const from = follower.sent
      const entries = await log.entries(from, pace.isTrading ? LIMITS.learnerBatchMax : LIMITS.catchUpBatchMax)
      const digest = await log.digestAt(from + entries.length)
      if (digest === undefined || follower.sent !== from) break
      this.#append(follower, this.#message(from, entries, digest))
      follower.catchingUp.push(follower.sent)
      await pace.rest(this.#clock.monotonicMs() - begunAt, entries.length, follower.awaited.signal)
    }
    follower.reading = false
  }

  #message(from: number, entries: readonly Entry[], digest: string | undefined): AppendMessage {
    const { generation } = this.#lead.hello()
    return toWireAppend({ generation, from, entries, digest, published: this.#lead.published(), resting: this.#heartbeats.isAtRest })
  }

  /** A program of another make makes room for any other follower, and so does one that has never answered. */
  #makeRoom(): boolean {
    if (this.#followers.size + this.#foreign.size < LIMITS.replicasMax) return true
    // Of several the one that was added first: maps keep that order.
    const [foreign] = this.#foreign.keys()
    if (foreign !== undefined) {
      this.holdBack(foreign)
      return true
    }
    const mute = [...this.#followers.values()].find(({ phase }) => phase === 'connecting')
    if (mute) this.#drop(mute, 'there are too many')
    return mute !== undefined
  }

  #append(follower: Follower, message: AppendMessage): void {
    this.#watchSilence()
    if (follower.held >= follower.sent) follower.owesSince = this.#clock.awakeMs()
    follower.owes = true
    follower.sent = message.append.from + message.append.entries.length
    follower.sender.send(message)
  }

  #isCalm(): boolean {
    return this.#foreign.size === 0 && [...this.#followers.values()].every((follower) => !mayBeSilent(follower))
  }

  #heartbeat(): void {
    this.publishedGrew()
    for (const follower of this.#followers.values()) {
      if (follower.phase !== 'connecting') this.#append(follower, this.#message(follower.sent, [], undefined))
    }
  }

  #watchSilence(): void {
    if (this.#watch.length > 0) return
    const clock = this.#clock
    // What has arrived is read before silence is judged.
    this.#watch = [clock.watchAwake(), clock.every(SILENCE_CHECK_MS, () => clock.nextTurn(() => this.#dropSilent()))]
  }

  #endWatch(): void {
    for (const timer of this.#watch) timer.cancel()
    this.#watch = []
  }

  /** F2 */
  #dropSilent(): void {
    const now = this.#clock.awakeMs()
    for (const follower of [...this.#followers.values()]) {
      const holdsUp = follower.phase === 'in-sync' && follower.sent > follower.held
      const since = holdsUp ? Math.max(follower.heardAt, follower.owesSince) : follower.heardAt
      const patience = holdsUp ? IN_SYNC_SILENCE_MS : LEARNER_SILENCE_MS
      if (now - since > patience) this.#drop(follower, `silent for ${patience} ms`)
    }
    if (![...this.#followers.values()].some(mayBeSilent)) this.#endWatch()
  }

  #drop(follower: Follower, why: string): void {
    this.#followers.delete(follower.address)
    follower.sender.close()
    this.#log.warn({ follower: follower.address, phase: follower.phase, held: follower.held, why }, 'follower dropped')
    this.#recheck()
  }

  #allHold(position: number): boolean {
    for (const { phase, held } of this.#followers.values()) {
      if (phase === 'in-sync' && held < position) return false
    }
    return true
  }

  #recheck(): void {
    for (const waiter of this.#waiting) {
      if (!this.#allHold(waiter.position)) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
  }
}

/** Says whether a follower owes an answer, or has to catch up first. */
const mayBeSilent = ({ phase, owes, sent, held }: Follower): boolean => phase !== 'in-sync' || owes || sent > held
