import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'

/** Our own processes say something at least every second or so. */
const SILENT_MS = 6_000

type Ending = (cause: string) => void

/** How many streams of one kind a server has open. Each is known by what ends it. */
export class StreamRoom {
  readonly #clock: Clock
  /** When something arrived last; monotonic. */
  readonly #heardAt = new Map<Ending, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One stream more. Where there is no room, the one that is silent for longest ends; false: none is silent for long. */
  take(end: Ending): boolean {
    if (this.#heardAt.size >= LIMITS.streamsOfOneKindMax && !this.#makeRoom()) return false
    this.heard(end)
    return true
  }

  /** Something has arrived on it. */
  heard(end: Ending): void {
    this.#heardAt.set(end, this.#clock.monotonicMs())
  }

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
