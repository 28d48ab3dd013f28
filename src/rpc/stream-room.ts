import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'

/** A stream may be ended after so long a silence. Our own processes send something every 2.5 s at least, also at rest. */
const SILENT_MS = 6_000

type Ending = (cause: string) => void

/** Limits how many streams of one kind a server has open. The function that ends a stream identifies it. */
export class StreamRoom {
  readonly #clock: Clock
  /** When the last message of each stream arrived, on the monotonic clock. */
  readonly #heardAt = new Map<Ending, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Makes room for one more stream. When all places are taken, it ends the stream that has been silent for longest. Returns
   * false when no stream has been silent for long: the new one is to be refused.
   */
  take(end: Ending): boolean {
    if (this.#heardAt.size >= LIMITS.streamsOfOneKindMax && !this.#makeRoom()) return false
    this.heard(end)
    return true
  }

  /** Notes that a message has arrived on a stream. */
  heard(end: Ending): void {
    this.#heardAt.set(end, this.#clock.monotonicMs())
  }

  /** Frees the place of a stream that has ended. */
  left(end: Ending): void {
    this.#heardAt.delete(end)
  }

  #makeRoom(): boolean {
    const [end, heardAt] = [...this.#heardAt].reduce((one, other) => (other[1] < one[1] ? other : one))
    if (this.#clock.monotonicMs() - heardAt < SILENT_MS) return false
    end('too many streams are open')
    return true
  }
}
