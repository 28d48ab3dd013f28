import { AwakeTime } from '../src/runtime/awake-time.ts'
import type { Clock } from '../src/runtime/clock.ts'

/** A clock whose process a test can stop. Timers that are due meanwhile come late. */
export class HandClock {
  #nowMs = 1_000
  #timers: { at: number; run: () => void }[] = []
  readonly #awake = new AwakeTime(
    () => this.#nowMs,
    (delayMs, run) => this.clock.after(delayMs, run),
  )
  readonly clock = {
    wallMs: () => this.#nowMs,
    monotonicMs: () => this.#nowMs,
    awakeMs: () => this.#awake.nowMs(),
    watchAwake: () => this.#awake.watch(),
    after: (delayMs: number, run: () => void) => {
      const timer = { at: this.#nowMs + delayMs, run }
      this.#timers.push(timer)
      return { cancel: () => void (this.#timers = this.#timers.filter((each) => each !== timer)) }
    },
    every: (everyMs: number, run: () => void) => {
      const again = () => {
        timer = this.clock.after(everyMs, again)
        run()
      }
      let timer = this.clock.after(everyMs, again)
      return { cancel: () => timer.cancel() }
    },
    nextTurn: (run: () => void) => run(),
  } as unknown as Clock

  /** The number of timers that are set. */
  get timers(): number {
    return this.#timers.length
  }

  /** Lets time pass. Nothing runs before it is over. */
  standStill(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ at }) => at <= this.#nowMs)
    this.#timers = this.#timers.filter(({ at }) => at > this.#nowMs)
    for (const { run } of due) run()
  }

  run(ms: number, lateMs = 1): void {
    for (let left = ms; left > 0; left -= lateMs) this.standStill(Math.min(left, lateMs))
  }
}
