import type { Clock } from '../runtime/clock.ts'

const REJECTION_RETENTION_MS = 48 * 60 * 60 * 1000

/**
 * Tells which rejections may be forgotten. A rejection's age is the time for which catalogues have run since, by the
 * monotonic clock. The wall clock must not decide, since it may be days ahead at one start. Time in which no catalogue ran
 * does not count. Neither does the time that a run lasted after its last rejection, because nothing on record tells it. A
 * rejection is remembered for that much longer.
 */
export class Retention {
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #fromMs: number

  /** `newestMs`: the time of the newest rejection on record, if there is one: no earlier one is given from now on. */
  constructor(clock: Clock, newestMs: number | undefined) {
    this.#clock = clock
    this.#startedAt = clock.monotonicMs()
    this.#fromMs = newestMs ?? Math.max(0, clock.wallMs())
  }

  /** The time to record with a rejection that is decided now. It continues from the newest one on record. */
  get nowMs(): number {
    return Math.floor(this.#fromMs + this.#clock.monotonicMs() - this.#startedAt)
  }

  /**
   * Rejections of an earlier time may be forgotten. An earlier version recorded the time of the wall clock. Where the two
   * differ, the later one counts.
   */
  get forgottenBeforeMs(): number {
    return Math.min(this.nowMs, this.#clock.wallMs()) - REJECTION_RETENTION_MS
  }
}
