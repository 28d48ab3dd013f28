import type { Clock, Timer } from './clock.ts'

/** How often some of them are read again. */
const PARKED_TICK_MS = 10
/** A tick that comes so much too late shows that this process has more to read than it can. */
const PARKED_LATE_MS = 20
/** How many are read again at a tick: as many as there is time for. */
const RELEASED_MIN = 8
const RELEASED_MAX = 1_024
/** The longest that any of them waits: as long as its client was told to. */
const PARKED_MAX_MS = 1_000

/** The part of a socket that is of use here. */
export interface PausableConnection {
  pause(): unknown
  resume(): unknown
}

/**
 * Connections whose last request was refused for lack of room. They are not read for a moment, so that a flood is held
 * back by the kernel, and what this process has time for goes into requests that it can carry out. That matters most
 * with more than 1,024 of them: as long as so many have something to read, libuv reads on, up to 48 times, and neither
 * timers nor what was to be sent get their turn for seconds.
 */
export class ParkedConnections {
  readonly #clock: Clock
  /** When each was parked, in this order; monotonic. */
  readonly #parked = new Map<PausableConnection, number>()
  #timer: Timer | undefined
  #tickAt = 0
  /** How many the next tick lets go. */
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

  /** All are gone: nothing is waited for any more. */
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
