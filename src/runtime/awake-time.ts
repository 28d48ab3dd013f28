/** How often this process checks that its timers come in time. */
const AWAKE_TICK_MS = 50
/** A tick that comes later than this shows that the process stood still, or got no turn. The time beyond it is not counted. */
const AWAKE_LATE_MS = 25

/**
 * Measures how long this process has been awake. The time by which its own timers come too late is not counted. The process
 * read nothing in that time, so it cannot say that somebody else was silent. A tick counts for at most {@link AWAKE_TICK_MS} +
 * {@link AWAKE_LATE_MS}, however late it comes. So a pause of any length counts as nothing. On an overloaded machine every
 * tick comes late, and this time runs slower; the other processes there are slower as well.
 */
export class AwakeTime {
  readonly #monotonicMs: () => number
  #tickAt: number
  #awake = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
    this.#tickAt = monotonicMs()
  }

  /** Begins to check. `every` runs a callback at an interval, as long as the process lives. */
  start(every: (intervalMs: number, run: () => void) => void): this {
    every(AWAKE_TICK_MS, () => this.#tick())
    return this
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
