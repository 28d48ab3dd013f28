import type { Clock } from '../../runtime/clock.ts'

/** The times in which orders wait and none is answered. */
export class Stalls {
  readonly #clock: Clock
  /** Since when orders wait without an answer; monotonic time. Undefined while none waits. */
  #since: number | undefined
  #longest: { readonly ms: number; readonly atMs: number } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An order waits. */
  began(nowMs: number): void {
    this.#since ??= nowMs
  }

  /** An order was answered. `isWaiting`: others wait. */
  answered(nowMs: number, isWaiting: boolean): void {
    const ms = this.#since === undefined ? 0 : Math.round(nowMs - this.#since)
    this.#since = isWaiting ? nowMs : undefined
    if (ms > (this.#longest?.ms ?? 0)) this.#longest = { ms, atMs: this.#clock.wallMs() }
  }

  /** For how long no order has been answered although some wait, in ms. */
  get ms(): number {
    return this.#since === undefined ? 0 : Math.round(this.#clock.monotonicMs() - this.#since)
  }

  /** The longest of these times, and when it ended; null before the first one. */
  get longest(): { readonly ms: number; readonly atMs: number } | null {
    return this.#longest
  }
}
