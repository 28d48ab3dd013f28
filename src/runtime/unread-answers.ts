import type { Clock, Timer } from './clock.ts'

const SWEEP_MS = 500
/** How long an answer may take to be read. A large one has a second more for every 64 kB. */
const READING_MS = 10_000
const READING_BYTES_PER_MS = 64
/** Age from which an answer is cut when all answers together are too large. */
const PRESSED_MS = 1_000

/** An answer that was given. */
export interface UnreadAnswer {
  readonly bytes: number
  /** The object that is sent, when several answers send the same one. It is held once, and counts once. */
  readonly shared?: object
}

interface Held extends UnreadAnswer {
  cut(): void
  /** Age in ms. Time in which this process was stopped does not count, since the reader is not to blame for it. */
  age: number
}

/**
 * Answers that have not gone out in full, because their reader is slow or does not read. Each has a limited time, after
 * which its connection is cut. When all of them hold too much memory, the oldest ones are cut sooner.
 */
export class UnreadAnswers {
  readonly #clock: Clock
  readonly #bytesMax: number
  /** Answers that are held, oldest first. */
  readonly #held = new Set<Held>()
  readonly #sharers = new Map<object, number>()
  #bytes = 0
  #timer: Timer | undefined

  constructor(clock: Clock, bytesMax: number) {
    this.#clock = clock
    this.#bytesMax = bytesMax
  }

  /** Bytes that are held for readers. */
  get bytes(): number {
    return this.#bytes
  }

  /** True while the answers hold all the memory that they may. No request with a large answer is begun then. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** Adds an answer. `cut` ends its connection. Call the result once the answer has gone out or the connection is over. */
  add(answer: UnreadAnswer, cut: () => void): () => void {
    const held: Held = { ...answer, cut, age: 0 }
    this.#held.add(held)
    this.#count(held, 1)
    this.#timer ??= this.#clock.every(SWEEP_MS, () => this.#sweep())
    return () => this.#release(held)
  }

  #release(held: Held): void {
    if (!this.#held.delete(held)) return
    this.#count(held, -1)
    if (this.#held.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #count({ bytes, shared }: Held, step: 1 | -1): void {
    const before = shared ? (this.#sharers.get(shared) ?? 0) : 0
    if (shared && before + step > 0) this.#sharers.set(shared, before + step)
    else if (shared) this.#sharers.delete(shared)
    if (!shared || Math.min(before, before + step) === 0) this.#bytes += step * bytes
  }

  #sweep(): void {
    for (const held of [...this.#held]) {
      held.age += SWEEP_MS
      const isLate = held.age >= READING_MS + held.bytes / READING_BYTES_PER_MS
      if (!isLate && !(this.isFull && held.age >= PRESSED_MS)) continue
      this.#release(held)
      held.cut()
    }
  }
}
