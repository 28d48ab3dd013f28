import type { StatusData } from '../http/types.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Paint } from './terminal.ts'
import { duration } from './units.ts'

/** So many changes of the leader are shown, the newest first. */
const CHANGES_SHOWN = 5

/** A moment of two clocks: the wall's, to tell, and one that never jumps, to measure. */
interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

interface LeaderChange {
  readonly at: Moment
  readonly from: string
  readonly to: string
  /** For how long nobody was seen to lead. */
  readonly withoutMs: number
}

/** Everything that somebody who watches has seen so far: how fast orders come, and who led when. */
export class StatusCourse {
  readonly #clock: Clock
  #published: { readonly at: Moment; readonly count: number } | undefined
  #rate: number | undefined
  /** The name of the leader that was seen last, and when it was. */
  #leader: { readonly name: string; readonly at: Moment } | undefined
  #changes: readonly LeaderChange[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a status into account. */
  sees(status: StatusData): void {
    const at = this.#now()
    const count = publishedIn(status)
    const seconds = this.#published ? (at.monotonicMs - this.#published.at.monotonicMs) / 1_000 : 0
    // After a front end has lost sight of the others, less seems to be published than before.
    this.#rate = this.#published && seconds > 0 ? Math.max(0, count - this.#published.count) / seconds : undefined
    this.#published = { at, count }
    this.seesLeader(status.replicas.find(({ address }) => address === status.leader)?.name ?? status.leader ?? undefined)
  }

  /** Takes into account who leads at this moment; undefined when nobody does, or nobody can say. */
  seesLeader(name: string | undefined): void {
    if (name === undefined) return
    const at = this.#now()
    const before = this.#leader
    this.#leader = { name, at }
    if (!before || before.name === name) return
    const change = { at, from: before.name, to: name, withoutMs: at.monotonicMs - before.at.monotonicMs }
    this.#changes = [change, ...this.#changes].slice(0, CHANGES_SHOWN)
  }

  /** Returns what has been seen as lines of text. Times are UTC. */
  lines(paint: Paint): string[] {
    const rate = this.#rate === undefined ? 'not known yet' : `${Math.round(this.#rate)} orders/s`
    const changes = this.#changes.map(
      ({ at, from, to, withoutMs }) => `${clockTime(at.wallMs)}  ${from} → ${paint('bold', to)}, within ${duration(withoutMs)}`,
    )
    return [`rate     ${rate}`, ...changes.map((words, n) => `${n === 0 ? 'changes' : ''}`.padEnd(9) + words)]
  }

  #now(): Moment {
    return { wallMs: this.#clock.wallMs(), monotonicMs: this.#clock.monotonicMs() }
  }
}

/** Returns a moment's time of day, UTC, such as 12:03:04.120. */
export const clockTime = (wallMs: number): string => new Date(wallMs).toISOString().slice(11, 23)

/** Returns how many orders are published, as far as any process knows that can be reached. */
export const publishedIn = ({ catalogue, replicas }: StatusData): number =>
  Math.max(0, ...[catalogue, ...replicas].map((each) => (each.reachable ? each.published : 0)))
