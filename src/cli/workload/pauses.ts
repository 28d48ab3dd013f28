import type { Clock } from '../../runtime/clock.ts'

/** A time in which no order was answered although one waited. `atMs`: its beginning, milliseconds since 1970. */
export interface Pause {
  readonly ms: number
  readonly atMs: number
}

/** Finds the longest time in which no order was answered although one waited. */
export class Pauses {
  readonly #clock: Clock
  #waiting = 0
  #sinceMs = 0
  #longest: Pause | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An order is sent. */
  begin(): void {
    if (this.#waiting === 0) this.#sinceMs = this.#clock.monotonicMs()
    this.#waiting += 1
  }

  /** The wait for an order is over. `answered` is false when its outcome is not known. */
  end(answered: boolean): void {
    this.#waiting -= 1
    const nowMs = this.#clock.monotonicMs()
    const ms = nowMs - this.#sinceMs
    if (ms > (this.#longest?.ms ?? 0)) this.#longest = { ms: Math.round(ms), atMs: Math.round(this.#clock.wallMs() - ms) }
    if (answered) this.#sinceMs = nowMs
  }

  get longest(): Pause | undefined {
    return this.#longest
  }
}
