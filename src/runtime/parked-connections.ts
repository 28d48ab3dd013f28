import type { Clock, Timer } from './clock.ts'

/** How often some of the connections are read again. */
const PARKED_TICK_MS = 10
/** A tick that comes later than this shows that the process has more to read than it can handle. */
const PARKED_LATE_MS = 20
/** Least and greatest number of connections that are read again at a tick. Between the two, the time that there is decides. */
const RELEASED_MIN = 8
const RELEASED_MAX = 1_024
/** The longest time for which a connection is not read. Its client was told to wait as long. */
const PARKED_MAX_MS = 1_000

/** The part of a socket that is used here. */
export interface PausableConnection {
  pause(): unknown
  resume(): unknown
}

/**
 * Connections whose last request was refused for lack of room. They are not read for a moment. So the kernel holds back a
 * flood, and this process spends its time on requests that it can carry out. That matters most with more than 1,024
 * connections: while so many have input, libuv reads on, up to 48 times, and timers and writes wait for seconds.
 */
export class ParkedConnections {
  readonly #clock: Clock
  /** The time at which each was parked, on the monotonic clock. The oldest one is first. */
  readonly #parked = new Map<PausableConnection, number>()
  #timer: Timer | undefined
  #tickAt = 0
  /** How many connections are read again at the next tick. */
  #quota = RELEASED_MAX

  constructor(clock: Clock) {
    this.#clock = clock
  }

  park(connection: PausableConnection): void {
    connection.pause()
    const now = this.#clock.monotonicMs()
    if (!this.#parked.has(connection)) this.#parked.set(connection, now)
    if (this.#timer) return
    this.#tickAt = now
    this.#timer = this.#clock.every(PARKED_TICK_MS, () => this.#tick())
  }

  /** Stops the ticks. Called when all connections are gone. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#parked.clear()
  }

  #tick(): void {
    const now = this.#clock.monotonicMs()
    const isLate = now - this.#tickAt > PARKED_TICK_MS + PARKED_LATE_MS
    this.#quota = Math.min(RELEASED_MAX, Math.max(RELEASED_MIN, Math.floor(this.#quota * (isLate ? 0.5 : 1.25))))
    this.#tickAt = now
    let left = this.#quota
    for (const [connection, parkedAt] of this.#parked) {
      if (left-- <= 0 && now - parkedAt < PARKED_MAX_MS) return
      this.#parked.delete(connection)
      connection.resume()
    }
    this.close()
  }
}
