import type { Clock, Timer } from './clock.ts'

const SWEEP_MS = 500
/** So long an answer may take to be read, and a large one a second more for every 64 kB. */
const READING_MS = 10_000
const READING_BYTES_PER_MS = 64
/** Where all of them together are too large, one that is as old as this makes room. */
const PRESSED_MS = 1_000

/** An answer that was given. */
export interface UnreadAnswer {
  readonly bytes: number
  /** What is sent, when the same object goes to several: it is held, and counts, once. */
  readonly shared?: object
}

interface Held extends UnreadAnswer {
  cut(): void
  /** In ms that this process was awake: what it missed while it was stopped is not its readers' fault. */
  age: number
}

/**
 * Answers that were given, and have not gone out in full, since their reader does not read or is slow. Each has its time,
 * after which its connection is cut; and when they hold too much memory together, the oldest ones are cut sooner.
 */
export class UnreadAnswers {
  readonly #clock: Clock
  readonly #bytesMax: number
  /** Oldest first. */
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

  /** They hold all the memory that they may: nothing that makes a large answer is begun. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** An answer goes out. `cut` ends its connection. Returns what to call once it has gone, or nobody can read it any more. */
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
