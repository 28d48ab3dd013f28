import type { Clock } from '../runtime/clock.ts'

const REJECTION_RETENTION_MS = 48 * 60 * 60 * 1000

/**
 * When rejections are forgotten. What a wall clock says once must not decide that: it may be days ahead at one start. So
 * a rejection's age is counted in the time for which catalogues have run since, by the monotonic clock. Neither the time
 * in which none ran counts, nor what a life ran after its last rejection: nothing on record tells how long that was. A
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

  /** The time to record with a rejection that is decided now: it goes on from the newest one on record. */
  get nowMs(): number {
    return Math.floor(this.#fromMs + this.#clock.monotonicMs() - this.#startedAt)
  }

  /**
   * Rejections of an earlier time may be forgotten. An earlier version recorded what the wall clock said: where that
   * differs, the later time of the two counts.
   */
  get forgottenBeforeMs(): number {
    return Math.min(this.nowMs, this.#clock.wallMs()) - REJECTION_RETENTION_MS
  }
}
