import type { Clock } from './clock.ts'

/** Somebody who waits for an answer. */
export interface Asker {
  /** True once nobody waits any more, since the client has left or given up. */
  readonly isGone: boolean
}

/** An asker that never goes: one of our own processes, or a caller whose end would not be noticed. */
export const PATIENT_ASKER: Asker = { isGone: false }

export interface GateOptions {
  /** Questions that are worked on at once. */
  readonly placesMax: number
  /** Questions that wait for a place; the next one is refused. */
  readonly waitingMax: number
}

interface Waiting {
  readonly asker: Asker
  settle(mayEnter: boolean): void
}

/**
 * A queue for questions. Only a few are worked on at once, so that orders do not have to wait. The others wait in the order
 * in which they came. A question whose asker has gone is dropped when its turn comes.
 */
export class Gate {
  readonly #clock: Clock
  readonly #options: GateOptions
  readonly #waiting = new Set<Waiting>()
  #inside = 0

  constructor(clock: Clock, options: GateOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Questions that wait for a place. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** True while nothing is worked on and nothing waits. */
  get isIdle(): boolean {
    return this.#inside === 0
  }

  /**
   * Does `work` once there is a place for it. Resolves with undefined when `work` was not done, since too many wait, no place
   * became free within `patienceMs`, or the asker has gone. Rejects as `work` does.
   */
  async run<T>(asker: Asker, patienceMs: number, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#inside < this.#options.placesMax) this.#inside += 1
    else if (!(await this.#place(asker, patienceMs))) return undefined
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  #place(asker: Asker, patienceMs: number): Promise<boolean> {
    if (this.#waiting.size >= this.#options.waitingMax) return Promise.resolve(false)
    return new Promise((resolve) => {
      const timer = this.#clock.after(Math.max(0, patienceMs), () => waiting.settle(false))
      const waiting: Waiting = {
        asker,
        settle: (mayEnter) => {
          timer.cancel()
          this.#waiting.delete(waiting)
          resolve(mayEnter)
        },
      }
      this.#waiting.add(waiting)
    })
  }

  /** Gives the place to the first question whose asker still waits. */
  #leave(): void {
    for (const waiting of [...this.#waiting]) {
      waiting.settle(!waiting.asker.isGone)
      if (!waiting.asker.isGone) return
    }
    this.#inside -= 1
  }
}
