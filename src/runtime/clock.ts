import { assert } from './assert.ts'
import { AwakeTime } from './awake-time.ts'

/** A pending callback. */
export interface Timer {
  cancel(): void
}

/**
 * The only source of time. It is passed in to services, so that a simulation can run them on a clock of its own.
 * All durations are milliseconds.
 */
export interface Clock {
  /** Milliseconds since 1970. May jump. */
  wallMs(): number
  /** Milliseconds since some fixed moment. Never goes back; may stop while the machine sleeps. */
  monotonicMs(): number
  /**
   * Milliseconds since some fixed moment, without those in which this process stood still or got no turn (see
   * awake-time.ts). It is used to judge whether others are silent. It is never used for a lease or for a promise to a client.
   * It is exact while somebody watches it. Otherwise some of the time in which this process stood still counts, at most 2.5 s.
   */
  awakeMs(): number
  /** Watches {@link awakeMs}, so that it is exact until the result is cancelled. Whoever waits for somebody else watches. */
  watchAwake(): Timer
  /** Runs `run` once after `delayMs`, or as soon as possible when `delayMs` is 0 or less. */
  after(delayMs: number, run: () => void): Timer
  /** Runs `run` every `intervalMs`, at most every millisecond, until cancelled. */
  every(intervalMs: number, run: () => void): Timer
  /** Runs `run` once, after all events that are ready now were handled and all data that was sent has gone to the kernel. */
  nextTurn(run: () => void): void
}

/** Resolves after all events that are ready now were handled and all data that was sent has gone to the kernel. */
export const nextTurn = (clock: Clock): Promise<void> => new Promise((resolve) => clock.nextTurn(resolve))

/**
 * Milliseconds until the next multiple of `everyMs` by this process's own time, or the one after it when that is very near.
 * Such beats of all owners come together: a process at rest wakes up once for all of them.
 */
export function untilNextMs(clock: Clock, everyMs: number): number {
  const leftMs = everyMs - (clock.monotonicMs() % everyMs)
  return Math.ceil(leftMs < everyMs / 4 ? leftMs + everyMs : leftMs)
}

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

/**
 * Runs `run` once this process has been awake for `patienceMs`, and has read what had arrived by then. It ends a wait for
 * somebody else, who is not to blame for the time in which this process stood still.
 */
export function afterAwake(clock: Clock, patienceMs: number, run: () => void): Timer {
  const watch = clock.watchAwake()
  const until = clock.awakeMs() + patienceMs
  let cancelled = false
  let timer: Timer
  const end = () => {
    watch.cancel()
    if (!cancelled) run()
  }
  const wait = () => {
    const leftMs = until - clock.awakeMs()
    // Waits at least a millisecond. Otherwise this would wait again and again for a shorter rest.
    timer = clock.after(Math.max(1, leftMs), () => (clock.awakeMs() < until ? wait() : clock.nextTurn(end)))
  }
  wait()
  return {
    cancel: () => {
      cancelled = true
      timer.cancel()
      watch.cancel()
    },
  }
}

/** Resolves like `promise`, or with `late` after `deadlineMs`. The promise itself goes on. */
export const within = <T, L>(clock: Clock, deadlineMs: number, promise: Promise<T>, late: L): Promise<T | L> =>
  unlessLate((run) => clock.after(deadlineMs, run), promise, late)

/** Does the same, but counts only time in which this process was awake: see {@link afterAwake}. */
export const withinAwake = <T, L>(clock: Clock, patienceMs: number, promise: Promise<T>, late: L): Promise<T | L> =>
  unlessLate((run) => afterAwake(clock, patienceMs, run), promise, late)

function unlessLate<T, L>(start: (run: () => void) => Timer, promise: Promise<T>, late: L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = start(() => resolve(late))
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

/** The longest wait of Node's timers. A longer one would end at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

function setLongTimeout(delayMs: number, run: () => void): Timer {
  assert(!Number.isNaN(delayMs), 'a wait is a number')
  let handle: NodeJS.Timeout
  const wait = (leftMs: number) => {
    const thenMs = leftMs - TIMER_MAX_MS
    handle = thenMs > 0 ? setTimeout(() => wait(thenMs), TIMER_MAX_MS) : setTimeout(run, Math.max(0, leftMs))
  }
  wait(delayMs)
  return { cancel: () => clearTimeout(handle) }
}

/** Its ticks do not keep a program from ending. */
const awakeTime = new AwakeTime(
  () => performance.now(),
  (delayMs, run) => {
    const handle = setTimeout(run, delayMs).unref()
    return { cancel: () => clearTimeout(handle) }
  },
)

/** The machine's clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  awakeMs: () => awakeTime.nowMs(),
  watchAwake: () => awakeTime.watch(),
  after: setLongTimeout,
  every(intervalMs, run) {
    assert(!Number.isNaN(intervalMs), 'an interval is a number')
    const handle = setInterval(run, Math.min(Math.max(1, intervalMs), TIMER_MAX_MS))
    return { cancel: () => clearInterval(handle) }
  },
  nextTurn: (run) => {
    setImmediate(run)
  },
}
