/** How often this process checks that its timers come in time, while somebody watches. */
const AWAKE_TICK_MS = 50
/** A tick that comes later than this shows that the process stood still, or got no turn. The time beyond it is not counted. */
const AWAKE_LATE_MS = 25
/** While nobody watches, this much counts at most between two looks at this time. */
const AWAKE_UNWATCHED_MS = 2_500

/** A tick, or a watch. */
interface Cancellable {
  cancel(): void
}

/**
 * Measures how long this process has been awake. The time by which its own timers come too late is not counted. The process
 * read nothing in that time, so it cannot say that somebody else was silent. A tick counts for at most {@link AWAKE_TICK_MS} +
 * {@link AWAKE_LATE_MS}, however late it comes. So a pause of any length counts as nothing. On an overloaded machine every
 * tick comes late, and this time runs slower; the other processes there are slower as well.
 *
 * Ticks cost a process at rest more than all else that it does. So there are ticks only while somebody watches. Otherwise
 * a pause counts as awake, but for no more than {@link AWAKE_UNWATCHED_MS}.
 */
export class AwakeTime {
  readonly #monotonicMs: () => number
  readonly #after: (delayMs: number, run: () => void) => Cancellable
  #tickAt: number
  #awake = 0
  #watchers = 0
  /** The next tick, while somebody watches. */
  #tick: Cancellable | undefined

  /** `after` runs a callback once after a delay, and does not keep the process from ending. */
  constructor(monotonicMs: () => number, after: (delayMs: number, run: () => void) => Cancellable) {
    this.#monotonicMs = monotonicMs
    this.#after = after
    this.#tickAt = monotonicMs()
  }

  /** Milliseconds since some fixed moment. Never goes back. */
  nowMs(): number {
    if (!this.#tick) this.#settle()
    return this.#awake + this.#sinceTick()
  }

  /** From now on pauses are not counted, until the result is cancelled. */
  watch(): Cancellable {
    this.#watchers += 1
    if (!this.#tick) {
      this.#settle()
      this.#tickLater()
    }
    let isOver = false
    return {
      cancel: () => {
        if (!isOver) this.#left()
        isOver = true
      },
    }
  }

  #left(): void {
    this.#watchers -= 1
    if (this.#watchers > 0) return
    this.#settle()
    this.#tick?.cancel()
    this.#tick = undefined
  }

  #tickLater(): void {
    this.#tick = this.#after(AWAKE_TICK_MS, () => {
      this.#settle()
      this.#tickLater()
    })
  }

  #settle(): void {
    this.#awake += this.#sinceTick()
    this.#tickAt = this.#monotonicMs()
  }

  #sinceTick(): number {
    const longestMs = (this.#tick ? AWAKE_TICK_MS : AWAKE_UNWATCHED_MS) + AWAKE_LATE_MS
    return Math.min(this.#monotonicMs() - this.#tickAt, longestMs)
  }
}
