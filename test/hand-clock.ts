import { AwakeTime } from '../src/runtime/awake-time.ts'
import type { Clock } from '../src/runtime/clock.ts'

/** A clock whose process a test can stop. Timers that are due meanwhile come late. */
export class HandClock {
  #nowMs = 1_000
  #timers: { at: number; everyMs: number | undefined; run: () => void }[] = []
  readonly #awake = new AwakeTime(() => this.#nowMs).start(
    (everyMs, run) => void this.#timers.push({ at: this.#nowMs + everyMs, everyMs, run }),
  )
  readonly clock = {
    monotonicMs: () => this.#nowMs,
    awakeMs: () => this.#awake.nowMs(),
    after: (delayMs: number, run: () => void) => {
      const timer = { at: this.#nowMs + delayMs, everyMs: undefined, run }
      this.#timers.push(timer)
      return { cancel: () => void (this.#timers = this.#timers.filter((each) => each !== timer)) }
    },
    nextTurn: (run: () => void) => run(),
  } as unknown as Clock

  /** Lets time pass. Nothing runs before it is over. */
  standStill(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ at }) => at <= this.#nowMs)
    this.#timers = this.#timers.filter(({ at }) => at > this.#nowMs)
    for (const { everyMs, run } of due) {
      if (everyMs !== undefined) this.#timers.push({ at: this.#nowMs + everyMs, everyMs, run })
      run()
    }
  }

  run(ms: number, lateMs = 1): void {
    for (let left = ms; left > 0; left -= lateMs) this.standStill(Math.min(left, lateMs))
  }
}
