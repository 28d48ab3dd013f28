import { LIMITS } from '../domain/limits.ts'
import { isSameSystem, type SystemName } from '../domain/system.ts'
import { sleep } from '../runtime/clock.ts'
import { Pulse } from '../runtime/pulse.ts'
import { isAway } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Orders } from './orders.ts'
import { ReplicaLink, type FrontEndIdentity, type LinkReceivers, type LinkWatcher, type NamedReplica } from './replica-link.ts'
import type { ReplicaState } from './route-stream.ts'
import type { StockCache } from './stock-cache.ts'

const PING_INTERVAL_MS = 150
/** The same while no client waits for a replica and all of them answer. */
const RESTING_PING_INTERVAL_MS = 2_000
const PINGS_REST_AFTER_MS = 2_000
const ELECTION_INTERVAL_MS = 500
/** A front end that starts waits this long to hear of a leader that is there already, and of the replica with the highest id. */
const FIRST_ELECTION_DELAY_MS = 300
const ASSIGN_DEADLINE_MS = 300
const CANDIDATE_POLL_MS = 20
/** Another program is elected when none of our replicas has led for this long. A replica that is restarted is back sooner. */
const FOREIGN_ELECTION_DELAY_MS = 2_000

export interface LeadershipOptions extends FrontEndIdentity {
  readonly replicas: readonly NamedReplica[]
}

/**
 * They hear of replicas: `orders` of the leader and of outcomes, `cache` of stocks that trades have changed, `feed` of published
 * orders, and `watcher` of who leads.
 */
export interface LeadershipReceivers {
  readonly orders: Pick<Orders, 'led' | 'lost' | 'settle' | 'waiting'>
  readonly cache: Pick<StockCache, 'invalidate'>
  readonly feed: LinkReceivers['feed']
  readonly watcher: LeaderWatcher
}

/** Hears who leads. Nothing depends on it. */
export interface LeaderWatcher {
  led(leader: ReplicaLink, epoch: number): void
  /** Nobody leads now. */
  leaderLost(leader: ReplicaLink): void
}

interface Current {
  readonly link: ReplicaLink
  readonly epoch: number
  /**
   * The last ping before the replica was adopted. The answer to this ping, or to an earlier one, may be older than the
   * assignment.
   */
  readonly sincePing: number
}

/**
 * Finds the leader, and elects one when there is none. A leader is taken for dead when its connection is refused or reset, or
 * when it misses three pings. How long an order takes does not count: a slow catalogue must not look like a dead leader.
 *
 * E1. A replica that leads already is preferred to any election. Of several, the one with the highest (epoch, id) is used. So
 *     front ends that elected different leaders come to agree.
 * E2. At most one election per 500 ms.
 * E3. The replica with the highest id that can lead is elected. One whose log is far behind another's is elected only when
 *     there is no other.
 * E4. Only a replica of the own catalogue's cluster leads, whoever answers at its address. A replica that holds orders names
 *     its cluster. When it names none, or when the catalogue has not been heard yet, the front end and the replica have to be
 *     started for the same catalogue, or the replica asks its own catalogue before it lets itself be elected (R5).
 * E5. A program of another make is elected only when none of ours can lead. E1 does not hold for it: as soon as one of ours
 *     can lead again, that one does.
 */
export class Leadership {
  readonly #runtime: Runtime
  /** Its cluster is known once the catalogue has named it. */
  readonly #system: SystemName
  readonly #orders: LeadershipReceivers['orders']
  readonly #watcher: LeaderWatcher
  readonly #links: readonly ReplicaLink[]
  readonly #pings: Pulse
  /** When the search for a leader began; measured by the time that this process was awake. */
  #startedAt = 0
  #current: Current | undefined
  #highestEpoch = 0
  #electing = false
  /** When the last leader was lost; measured by the time that this process was awake. */
  #leaderlessSince = 0
  #lastElectionAt = -Infinity
  #closed = false
  elections = 0

  constructor(runtime: Runtime, options: LeadershipOptions, receivers: LeadershipReceivers) {
    this.#runtime = runtime
    this.#system = options.system
    this.#orders = receivers.orders
    this.#watcher = receivers.watcher
    const watcher: LinkWatcher = {
      objection: (state) => this.#objection(state),
      used: () => this.#used(),
      heard: (link) => this.#heard(link),
      lost: (link) => this.#lost(link),
    }
    this.#links = options.replicas.map((replica) => new ReplicaLink(runtime, replica, options, receivers, watcher))
    const pace = { everyMs: PING_INTERVAL_MS, restMs: RESTING_PING_INTERVAL_MS, restAfterMs: PINGS_REST_AFTER_MS }
    this.#pings = new Pulse(runtime.clock, pace, { isCalm: () => this.#isCalm, beat: () => this.#pingAll() })
  }

  /** Begins to look for a leader. */
  start(): void {
    const { clock } = this.#runtime
    this.#startedAt = this.#leaderlessSince = clock.awakeMs()
    this.#pings.start()
    void this.#elect()
  }

  get leader(): ReplicaLink | undefined {
    return this.#current?.link
  }

  get links(): readonly ReplicaLink[] {
    return this.#links
  }

  /** Notes that the replica says that it does not lead. */
  refused(link: ReplicaLink): void {
    this.#lost(link)
  }

  close(): void {
    this.#closed = true
    this.#pings.close()
    for (const link of this.#links) link.close()
  }

  #pingAll(): void {
    // No replica of ours steps down for another program (E5).
    const ours = this.#isForeignLeading ? undefined : this.#current
    const leader = ours && { epoch: ours.epoch, id: ours.link.id }
    for (const link of this.#links) link.beat(leader)
  }

  /** One of ours leads, every replica answers, and no client waits for any. A replica that is away is looked for at the usual pace. */
  get #isCalm(): boolean {
    return this.#current !== undefined && this.#orders.waiting === 0 && this.#links.every((link) => link.isCalm)
  }

  /**
   * A client's request goes to a replica. At rest a silence is noticed late, and then somebody waits for it. So the pings
   * begin anew: the request is delayed no longer than one that comes in the moment in which its replica falls silent.
   */
  #used(): void {
    if (this.#pings.isAtRest) for (const link of this.#links) link.startOver()
    this.#pings.wake()
  }

  get #isForeignLeading(): boolean {
    return this.#current?.link.isForeign === true
  }

  #heard(link: ReplicaLink): void {
    if (link.isForeign) return
    const epoch = link.state?.epoch ?? 0
    this.#highestEpoch = Math.max(this.#highestEpoch, epoch)
    const current = this.#current
    if (current?.link === link) {
      if (epoch > 0) this.#current = { ...current, epoch: Math.max(epoch, current.epoch) }
      else if (link.state && link.state.ping > current.sincePing) this.#lost(link)
    } else if (epoch > 0 && this.#isOurs(link) && this.#isBetter(link, epoch))
      this.#adopt(link, epoch) // E1
    else if (this.#isForeignLeading && this.#couldLead(link)) void this.#elect() // E5
  }

  /** E4. Returns why this replica belongs to another cluster, or undefined when nothing shows that it does. */
  #objection(state: ReplicaState): string | undefined {
    const { replicaId, clusterId } = state
    const own = this.#system.clusterId
    if (own === undefined || clusterId === undefined || isSameSystem(state, this.#system)) return undefined
    return `replica ${replicaId} belongs to cluster ${clusterId}, the catalogue to cluster ${own}`
  }

  /** E4. Says whether a replica, to which there is no objection, is known to belong to this system. */
  #isOurs({ state }: ReplicaLink): boolean {
    return state !== undefined && isSameSystem(state, this.#system)
  }

  /** E4, E5. Says whether this is a replica of ours that says that it can lead. */
  #couldLead(link: ReplicaLink): boolean {
    const isKnown = this.#system.clusterId !== undefined
    return !link.isForeign && link.state?.canLead === true && (isKnown || this.#isOurs(link))
  }

  #isBetter(link: ReplicaLink, epoch: number): boolean {
    const current = this.#current
    if (!current || current.link.isForeign) return true
    return epoch > current.epoch || (epoch === current.epoch && link.id > current.link.id)
  }

  #adopt(link: ReplicaLink, epoch: number): void {
    const before = this.#current
    this.#current = { link, epoch, sincePing: link.lastPing }
    this.#runtime.log.info({ replica: link.id, address: link.address, epoch }, 'leader')
    if (before) this.#orders.lost(before.link)
    this.#orders.led(link)
    this.#watcher.led(link, epoch)
  }

  #lost(link: ReplicaLink): void {
    if (this.#current?.link === link) {
      this.#current = undefined
      this.#leaderlessSince = this.#runtime.clock.awakeMs()
      this.#runtime.log.warn({ replica: link.id, why: link.trouble }, 'leader lost')
      this.#watcher.leaderLost(link)
    }
    this.#orders.lost(link)
    if (this.#closed) return
    this.#pings.wake()
    void this.#elect()
  }

  /** Holds elections until somebody leads, one at a time. */
  async #elect(): Promise<void> {
    if (this.#electing) return
    this.#electing = true
    while (!this.#isSettled) {
      if (!(await this.#tryToElect())) await sleep(this.#runtime.clock, CANDIDATE_POLL_MS)
    }
    this.#electing = false
  }

  /** True when nobody has to be elected: one of ours leads, or another program leads while none of ours can. */
  get #isSettled(): boolean {
    const isForOurs = () => this.#isForeignLeading && this.#links.some((link) => this.#couldLead(link))
    return this.#closed || (this.#current !== undefined && !isForOurs())
  }

  async #tryToElect(): Promise<boolean> {
    const { clock } = this.#runtime
    const alive = this.#links.filter((link) => link.state)
    const now = clock.monotonicMs()
    if (clock.awakeMs() < this.#startedAt + FIRST_ELECTION_DELAY_MS && alive.length < this.#links.length) return false
    if (now < this.#lastElectionAt + ELECTION_INTERVAL_MS) return false // E2
    const isForeignsTurn = !this.#current && clock.awakeMs() >= this.#leaderlessSince + FOREIGN_ELECTION_DELAY_MS
    const candidates = byFitness(alive).filter((link) => (link.isForeign ? isForeignsTurn : this.#couldLead(link)))
    if (candidates.length === 0) return false
    this.#lastElectionAt = now
    this.elections += 1
    for (const candidate of candidates) {
      if (this.#isSettled || (await this.#assign(candidate))) return true
    }
    return false
  }

  async #assign(candidate: ReplicaLink): Promise<boolean> {
    const epoch = Math.min(this.#highestEpoch + 1, LIMITS.epochMax) // At the highest epoch the id alone counts (E1).
    const followers = this.#links.filter((link) => link !== candidate && link.state).map((link) => link.address)
    const [followerOne = '', followerTwo = '', ...moreFollowers] = followers
    try {
      const request = { followerOne, followerTwo, moreFollowers, epoch, clusterId: this.#system.clusterId ?? '' }
      // Another program answers on no stream, so its reply times are not known.
      const patienceMs = candidate.isForeign ? ASSIGN_DEADLINE_MS : Math.max(ASSIGN_DEADLINE_MS, candidate.patienceMs)
      const { resultFollowers } = await this.#runtime.network.call(candidate.address, 'Order.AssignFollowers', request, patienceMs)
      if (candidate.isForeign && resultFollowers !== 1) throw new Error(`it answers ${resultFollowers}`)
    } catch (error) {
      const { message } = error as Error
      if (candidate.isForeign && !isAway(error)) candidate.cannotLead(message)
      else this.#runtime.log.warn({ replica: candidate.id, error: message }, 'cannot be made leader')
      return false
    }
    this.#highestEpoch = Math.max(this.#highestEpoch, epoch)
    if (candidate.state && this.#isBetter(candidate, epoch)) this.#adopt(candidate, epoch)
    return true
  }
}

/**
 * Returns those that can lead (E3, E5): first our replicas by falling id, then those of ours that would have to read much
 * before they trade, last other programs.
 */
export function byFitness<L extends Pick<ReplicaLink, 'id' | 'state' | 'isForeign'>>(alive: readonly L[]): readonly L[] {
  const lengthOf = (link: L) => link.state?.length ?? 0
  const longest = Math.max(...alive.map(lengthOf))
  const lacksMuch = (link: L) => Number(longest - lengthOf(link) > LIMITS.leaderGapMax)
  const rank = (link: L) => (link.isForeign ? 2 : lacksMuch(link))
  return alive.filter((link) => link.state?.canLead).sort((a, b) => rank(a) - rank(b) || b.id - a.id)
}
