import { LIMITS } from '../../domain/limits.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { EventStream } from '../../runtime/event-stream.ts'
import type { ResumePoint } from './event-text.ts'

/** A first part that is not read ends its stream after this, and later when it is large. */
const FIRST_PART_MS = 10_000
/** Bytes for which a reader has a millisecond more. */
const READING_PACE = 64

/** How far a reader has come. */
type Phase =
  /** It has got nothing of the orders. */
  | 'waiting'
  /** It reads older orders, page by page. */
  | 'behind'
  /** It has got orders from another front end that are not known here yet. */
  | 'ahead'
  /** It gets what everybody gets. */
  | 'live'

/**
 * One reader of the live stream.
 *
 * J3. A reader that leaves 256 KB unread is cut. What it gets before it is live counts apart: there a page follows only when
 *     the one before was taken.
 */
export class Reader {
  readonly #clock: Clock
  readonly #stream: EventStream
  /** Where it wants to go on; undefined for one that begins. */
  resume: ResumePoint | undefined
  phase: Phase = 'waiting'
  /** The next order that it has to get. */
  next = 0
  /** True once it has got a first `hello`, with or without orders. */
  isGreeted = false
  /** Counts the times that it begins anew. */
  beginnings = 0
  /** Bytes of the first part that are not taken yet, and when the last ones were written or taken; monotonic time. */
  #firstBytes = 0
  #firstAt = 0

  constructor(clock: Clock, stream: EventStream, resume: ResumePoint | undefined) {
    this.#clock = clock
    this.#stream = stream
    this.resume = resume
  }

  get isGone(): boolean {
    return this.#stream.isGone
  }

  /** Writes what everybody gets. Returns false when the reader is too slow for it (J3). */
  write(bytes: Buffer): boolean {
    this.#stream.write(bytes)
    return this.#stream.unreadBytes - this.#firstBytes <= LIMITS.readerUnreadBytesMax
  }

  /** Writes a part that only this reader gets. Resolves when it was taken. */
  writeFirst(bytes: Buffer): Promise<void> {
    this.#firstBytes += bytes.length
    this.#firstAt = this.#clock.monotonicMs()
    return new Promise((resolve) => {
      this.#stream.write(bytes, () => {
        this.#firstBytes -= bytes.length
        this.#firstAt = this.#clock.monotonicMs()
        resolve()
      })
    })
  }

  /** True when the first part has waited for too long. */
  get isLate(): boolean {
    return this.#firstBytes > 0 && this.#clock.monotonicMs() - this.#firstAt > FIRST_PART_MS + this.#firstBytes / READING_PACE
  }

  end(): void {
    this.#stream.end()
  }

  cut(): void {
    this.#stream.cut()
  }
}
