import type { Socket } from 'node:net'
import { systemClock, type Timer } from './clock.ts'

/** How often some of them are read again. */
const TICK_MS = 10
/** A tick that comes so much too late shows that this process has more to read than it can. */
const LATE_MS = 20
/** How many are read again at a tick: as many as there is time for. */
const RELEASED_MIN = 8
const RELEASED_MAX = 1_024

/**
 * Connections whose last request was refused for lack of room. They are not read for a moment, so that a flood is held
 * back by the kernel, and what this process has time for goes into requests that it can carry out. That matters most
 * with more than 1,024 of them: as long as so many have something to read, libuv reads on, up to 48 times, and neither
 * timers nor what was to be sent get their turn for seconds.
 */
export class ParkedConnections {
  readonly #parked = new Set<Socket>()
  #timer: Timer | undefined
  #tickAt = 0
  #released = RELEASED_MAX

  park(socket: Socket): void {
    socket.pause()
    this.#parked.add(socket)
    if (this.#timer) return
    this.#tickAt = systemClock.monotonicMs()
    this.#timer = systemClock.every(TICK_MS, () => this.#tick())
  }

  /** Lets all of them go. */
  close(): void {
    this.#release(Infinity)
  }

  #tick(): void {
    const now = systemClock.monotonicMs()
    const isLate = now - this.#tickAt > TICK_MS + LATE_MS
    this.#released = Math.min(RELEASED_MAX, Math.max(RELEASED_MIN, Math.floor(this.#released * (isLate ? 0.5 : 1.25))))
    this.#tickAt = now
    this.#release(this.#released)
  }

  /** Those that wait longest come first. */
  #release(count: number): void {
    for (const socket of this.#parked) {
      if (count-- <= 0) return
      this.#parked.delete(socket)
      socket.resume()
    }
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
