/** A pending callback. */
export interface Timer {
  cancel(): void
}

/**
 * The only source of time. Services get one passed in, so that a simulation can run them on time of its own.
 * All durations are milliseconds.
 */
export interface Clock {
  /** Milliseconds since 1970. May jump. */
  wallMs(): number
  /** Milliseconds since some fixed moment. Never goes back, may stand still while the machine sleeps. */
  monotonicMs(): number
  /** Runs `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): Timer
  /** Runs `run` every `intervalMs` until cancelled. */
  every(intervalMs: number, run: () => void): Timer
  /** Runs `run` once, after what is ready now has been handled and what was sent has gone to the kernel. */
  nextTurn(run: () => void): void
}

/** Resolves once what is ready now has been handled and what was sent has gone to the kernel. */
export const nextTurn = (clock: Clock): Promise<void> => new Promise((resolve) => clock.nextTurn(resolve))

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(delayMs, done)
    signal?.addEventListener('abort', done)
  })
}

/** Resolves like `promise`, or with `late` after `deadlineMs`. The promise itself goes on. */
export function within<T, L>(clock: Clock, deadlineMs: number, promise: Promise<T>, late: L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(deadlineMs, () => resolve(late))
    promise.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}

/** The machine's clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  every(intervalMs, run) {
    const handle = setInterval(run, intervalMs)
    return { cancel: () => clearInterval(handle) }
  },
  nextTurn: (run) => {
    setImmediate(run)
  },
}
