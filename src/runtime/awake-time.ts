/** How often this process looks whether its timers come in time. */
const AWAKE_TICK_MS = 50
/** A tick that comes later than this shows that the process stood still, or got no turn: the rest was no time of its own. */
const AWAKE_LATE_MS = 25

/**
 * How long this process has been awake. The time by which its own timers come too late is taken off: in it the process
 * read nothing, so it cannot say that somebody else was silent. A tick counts for {@link AWAKE_TICK_MS} + {@link AWAKE_LATE_MS} at the
 * most, however long it took to come. So a pause of any length counts as nothing, and where every turn comes late, by
 * which others on the same machine are late as well, this time runs slower.
 */
export class AwakeTime {
  readonly #monotonicMs: () => number
  #tickAt: number
  #awake = 0

  /** `every` runs a callback at an interval, as long as the process lives. */
  constructor(monotonicMs: () => number, every: (intervalMs: number, run: () => void) => void) {
    this.#monotonicMs = monotonicMs
    this.#tickAt = monotonicMs()
    every(AWAKE_TICK_MS, () => this.#tick())
  }

  /** Milliseconds since some fixed moment. Never goes back. */
  nowMs(): number {
    return this.#awake + Math.min(this.#monotonicMs() - this.#tickAt, AWAKE_TICK_MS + AWAKE_LATE_MS)
  }

  #tick(): void {
    this.#awake = this.nowMs()
    this.#tickAt = this.#monotonicMs()
  }
}
