import type { Clock, Timer } from '../src/runtime/clock.ts'

interface Due extends Timer {
  readonly atMs: number
  readonly run: () => void
}

/** A clock that stands still until a test lets time pass. Its process is always awake. */
export class ManualClock implements Clock {
  #nowMs = 1_000
  #wallAheadMs = 0
  /** The timers, in the order in which they were set. */
  readonly #due = new Set<Due>()

  /** The number of callbacks that are waited for. */
  get timers(): number {
    return this.#due.size
  }

  wallMs(): number {
    return this.#nowMs + this.#wallAheadMs
  }
  monotonicMs(): number {
    return this.#nowMs
  }
  awakeMs(): number {
    return this.#nowMs
  }
  watchAwake(): Timer {
    return { cancel: () => {} }
  }

  /** Makes the wall clock jump. A negative number sets it back. */
  jumpWall(byMs: number): void {
    this.#wallAheadMs += byMs
  }

  /** Lets time pass, and runs the callbacks that are due in it, in the order of their times. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const [next] = [...this.#due].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
      if (!next) break
      this.#nowMs = next.atMs
      next.cancel()
      next.run()
    }
    this.#nowMs = untilMs
  }

  after(delayMs: number, run: () => void): Timer {
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), run, cancel: () => void this.#due.delete(due) }
    this.#due.add(due)
    return due
  }

  every(intervalMs: number, run: () => void): Timer {
    const next = () =>
      this.after(intervalMs, () => {
        timer = next()
        run()
      })
    let timer = next()
    return { cancel: () => timer.cancel() }
  }

  nextTurn(run: () => void): void {
    this.after(0, run)
  }
}

/** Resolves when all that is ready now has been handled, and all that this has made ready. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
