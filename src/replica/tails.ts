import { LIMITS } from '../domain/limits.ts'
import { sleep, type Clock } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import type { Tail, Tailed } from '../wire/messages.ts'
import type { Reads } from './reads.ts'

/** Orders of this time travel in one message. The first one after a pause travels at once. */
const TAIL_INTERVAL_MS = 50

/** A front end that is told of published orders. It is gone once its stream is over. */
export interface TailReader extends Asker {
  /** Resolves once the message has been taken, or the stream is over. */
  tell(tailed: Tailed): Promise<void>
}

/** The published length under the present generation; undefined while this replica does not lead, or not with the catalogue. */
type PublishedNow = () => { readonly length: number; readonly generation: number } | undefined

/** Tells front ends each order once it is published. Costs nothing while no front end asks for it. */
export class Tails {
  readonly #clock: Clock
  readonly #reads: Pick<Reads, 'entries'>
  readonly #published: PublishedNow
  readonly #tails = new Map<TailReader, RunningTail>()

  constructor(clock: Clock, reads: Pick<Reads, 'entries'>, published: PublishedNow) {
    this.#clock = clock
    this.#reads = reads
    this.#published = published
  }

  /** Begins a tail of this front end in place of the one before. The tail 0 only ends the one before. */
  begin(reader: TailReader, tail: Tail): void {
    this.end(reader)
    if (tail.tail === 0) return
    const running = new RunningTail(this.#clock, this.#reads, this.#published, reader, tail)
    this.#tails.set(reader, running)
    running.wake()
  }

  /** More is published, or a leader has begun to work with the catalogue. */
  grew(): void {
    for (const tail of this.#tails.values()) tail.wake()
  }

  /** Ends the tail of this front end, if it has one. */
  end(reader: TailReader): void {
    this.#tails.get(reader)?.end()
    this.#tails.delete(reader)
  }
}

class RunningTail {
  readonly #clock: Clock
  readonly #reads: Pick<Reads, 'entries'>
  readonly #published: PublishedNow
  readonly #reader: TailReader
  readonly #tail: number
  readonly #ended = new AbortController()
  #next: number
  /** The generation that the reader was told last. */
  #toldGeneration = 0
  #isRunning = false
  #isDue = false

  constructor(clock: Clock, reads: Pick<Reads, 'entries'>, published: PublishedNow, reader: TailReader, { tail, from }: Tail) {
    this.#clock = clock
    this.#reads = reads
    this.#published = published
    this.#reader = reader
    this.#tail = tail
    this.#next = from
  }

  wake(): void {
    this.#isDue = true
    if (!this.#isRunning) void this.#run()
  }

  end(): void {
    this.#ended.abort()
  }

  get #isOver(): boolean {
    return this.#ended.signal.aborted || this.#reader.isGone
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#isDue && !this.#isOver) {
      this.#isDue = false
      if (await this.#tellNext()) this.#isDue = true
      await sleep(this.#clock, TAIL_INTERVAL_MS, this.#ended.signal)
    }
    this.#isRunning = false
  }

  /** Tells one page. Returns whether there is more to tell by now. */
  async #tellNext(): Promise<boolean> {
    const known = this.#published()
    if (!known) return false
    const { generation, length } = known
    const limit = Math.min(LIMITS.listingMax, Math.max(0, length - this.#next))
    const entries = limit === 0 ? [] : await this.#reads.entries(this.#next, limit, this.#reader)
    // A log whose generation has changed meanwhile may have been cut and written anew.
    if (this.#isOver || this.#published()?.generation !== generation) return false
    if (!entries) return true // There was no room for the read.
    if (limit > 0 && entries.length === 0) return false
    if (entries.length === 0 && generation === this.#toldGeneration) return false
    const from = this.#next
    this.#next += entries.length
    this.#toldGeneration = generation
    await this.#reader.tell({ tail: this.#tail, from, entries, published: length, generation })
    return this.#next < length
  }
}
