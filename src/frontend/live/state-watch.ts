import type { LiveState } from '../../http/live.ts'
import type { StatusData } from '../../http/types.ts'
import type { Runtime } from '../../wire/runtime.ts'
import { commonDigests } from './digests.ts'
import { Processes } from './processes.ts'
import type { Latencies } from './recent-times.ts'
import type { Stalls } from './stalls.ts'
import type { Story } from './story.ts'

/** Latencies and rates are measured over two such times. */
const TURN_MS = 500
/** How often the story tells that orders had to be refused. */
const OVERLOAD_TOLD_MS = 10_000

export interface StateSources {
  /** Asks every process. */
  status(): Promise<StatusData>
  /** The cached stocks, the one that was used last first. */
  cachedNames(): readonly string[]
  /** Orders that were refused for lack of room, since the start. */
  refused(): number
  readonly latencies: Latencies
  readonly stalls: Stalls
  readonly story: Story
}

/** The numbers that only the stream knows. */
export type StreamNumbers = Pick<LiveState, 'published' | 'readers'>

/** Finds out how everything is, when somebody looks. */
export class StateWatch {
  readonly #runtime: Runtime
  readonly #sources: StateSources
  readonly #processes = new Processes()
  readonly #glanced = new Processes()
  #isLooking = false
  #turnedAt = -Infinity
  #latency: LiveState['latency'] = { orders: null, hits: null, misses: null, queries: null }
  /** When how many orders were published, at the last turns. */
  #counted: readonly { readonly atMs: number; readonly published: number }[] = []
  #before: StatusData | undefined
  #refused = 0
  #overloadToldAt = -Infinity

  constructor(runtime: Runtime, sources: StateSources) {
    this.#runtime = runtime
    this.#sources = sources
  }

  /** Returns how everything is; undefined while another look is under way. `isComplete`: `published` counts all orders. */
  async look(numbers: StreamNumbers & { readonly isComplete: boolean }): Promise<LiveState | undefined> {
    if (this.#isLooking) return undefined
    this.#isLooking = true
    try {
      const status = await this.#sources.status()
      const common = await commonDigests(this.#runtime.network, status)
      this.#turn(numbers)
      this.#compare(status)
      const { published, readers } = numbers
      return this.#told(status, common, { published, readers }, this.#processes)
    } finally {
      this.#isLooking = false
    }
  }

  /** Nobody looks any more. What was found counts for nothing when somebody looks again. */
  forget(): void {
    this.#before = undefined
    this.#counted = []
    this.#sources.latencies.turn()
    this.#latency = this.#sources.latencies.turn()
  }

  /** Returns how everything is for one who asks once. Rates and latencies are told only while the stream has readers. */
  async glance(readers: number): Promise<{ readonly state: LiveState; readonly status: StatusData }> {
    const status = await this.#sources.status()
    const common = await commonDigests(this.#runtime.network, status)
    const { catalogue } = status
    const published = catalogue.reachable ? catalogue.published : 0
    return { state: this.#told(status, common, { published, readers }, this.#glanced), status }
  }

  #told(status: StatusData, common: LiveState['common'], numbers: StreamNumbers, processes: Processes): LiveState {
    const { stalls, cachedNames } = this.#sources
    const { leader: address, frontEnd, replicas, otherPrograms } = status
    const { caching, session, cache } = frontEnd
    const { stocksMax, hits, misses, evictions, invalidations } = cache
    const ours = replicas.find((replica) => replica.address === address)
    const other = otherPrograms.find((program) => program.address === address)
    const isServing = ours?.reachable === true && ours.role === 'leader'
    return {
      timeMs: this.#runtime.clock.wallMs(),
      leader: ours?.name ?? other?.name ?? null,
      epoch: ours?.reachable ? ours.epoch : 0,
      trading: isServing || (other !== undefined && status.catalogue.reachable),
      ...numbers,
      ordersPerSecond: this.#rate(),
      waiting: frontEnd.ordersWaiting,
      latency: this.#latency,
      stallMs: stalls.ms,
      longestStall: stalls.longest,
      common,
      processes: processes.look(status),
      cache: { names: cachedNames(), stocksMax, hits, misses, evictions, invalidations, caching, session },
    }
  }

  #turn({ published, isComplete }: { readonly published: number; readonly isComplete: boolean }): void {
    const atMs = this.#runtime.clock.monotonicMs()
    // A look between two turns, because something has changed, measures nothing.
    if (atMs - this.#turnedAt < 0.8 * TURN_MS) return
    this.#turnedAt = atMs
    this.#latency = this.#sources.latencies.turn()
    // Orders that are read at the beginning are not new.
    this.#counted = isComplete ? [...this.#counted, { atMs, published }].slice(-3) : []
  }

  #rate(): number {
    const [first, last] = [this.#counted[0], this.#counted.at(-1)]
    if (!first || !last || last.atMs === first.atMs) return 0
    return Math.max(0, Math.round(((last.published - first.published) * 1_000) / (last.atMs - first.atMs)))
  }

  /** Tells what has changed since the last look. */
  #compare(status: StatusData): void {
    const { story, refused } = this.#sources
    const before = this.#before
    this.#before = status
    const now = this.#runtime.clock.monotonicMs()
    const isNew = refused() > this.#refused && now - this.#overloadToldAt > OVERLOAD_TOLD_MS
    this.#refused = refused()
    if (before && isNew) {
      this.#overloadToldAt = now
      story.tell('overload', 'More orders came than can be carried out: some were refused.')
    }
    if (!before) return
    this.#compareCatalogue(before.catalogue, status.catalogue)
    if (before.leader !== status.leader || !isHeard(before) || !isHeard(status)) return
    const [were, are] = [inSync(before), inSync(status)]
    const nameOf = (address: string) => status.replicas.find((replica) => replica.address === address)?.name ?? address
    for (const name of are.filter((address) => !were.includes(address)).map(nameOf)) {
      story.tell('in-sync', `${name} has all orders and follows.`, { name })
    }
    for (const name of were.filter((address) => !are.includes(address)).map(nameOf)) {
      story.tell('follower-gone', `${name} follows no more.`, { name })
    }
  }

  #compareCatalogue(before: StatusData['catalogue'], now: StatusData['catalogue']): void {
    const { story } = this.#sources
    const { name } = now
    if (before.reachable && !now.reachable) story.tell('catalogue-gone', 'The catalogue does not answer.', { name, why: now.why })
    if (!before.reachable && now.reachable) story.tell('catalogue-back', 'The catalogue answers again.', { name })
  }
}

const isHeard = ({ leader, replicas }: StatusData): boolean => replicas.some(({ address, reachable }) => reachable && address === leader)

/** Returns the addresses of the followers that hold all orders. */
const inSync = ({ replicas }: StatusData): readonly string[] =>
  replicas
    .flatMap((replica) => (replica.reachable ? replica.followers : []))
    .filter(({ state }) => state === 'in-sync')
    .map(({ address }) => address)
