import { nextTurn, type Clock } from '../runtime/clock.ts'

/** Orders come as long as the last one is not older. A batch takes a tenth of that where disks are fast. */
const TRADING_MS = 200
/** Rest for each millisecond of reading. The receiver of a page has twice the reader's work with it, often on the same cores. */
const REST_RATIO = 10
/** So that a slow disk, or several readers at once, do not make a rest so long that a caller gives up. */
const REST_MAX_MS = 50
/** Node's timers are no finer. */
const REST_MIN_MS = 1

interface Rest {
  /** The count of {@link Pace} at which the rest ends before its time. */
  readonly untilGrown: number
  readonly end: () => void
}

/**
 * The pace at which a replica reads its log for those who lack much of it. While orders come, they go first: after each page
 * the reader rests, in proportion to the time that the page took. So all readers together take a share of the replica's
 * time, however fast or slow the machine is. While no order comes, nobody rests.
 *
 * F4. A rest is over after a bounded time, and as soon as the log has grown by half of the page. So a reader gets at least two
 *     entries for each new one, and comes to the end however many orders there are.
 */
export class Pace {
  readonly #clock: Clock
  readonly #rests = new Set<Rest>()
  /** Entries that the log has grown by since the start. */
  #grown = 0
  #grownAt = -Infinity
  /** When the rests that are owed so far are over. All readers share them. */
  #restedAt = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Says whether orders come. */
  get isTrading(): boolean {
    return this.#clock.monotonicMs() - this.#grownAt <= TRADING_MS
  }

  /** The log has grown by so many entries. */
  grew(entries: number): void {
    this.#grown += entries
    this.#grownAt = this.#clock.monotonicMs()
    for (const rest of this.#rests) if (this.#grown >= rest.untilGrown) rest.end() // F4
  }

  /**
   * Resolves when the next page may be read, after one of so many entries that took `workedMs`. Whatever is ready by now gets
   * its turn before. `awaited` aborts as soon as orders wait for the reader: it rests no longer.
   */
  rest(workedMs: number, entries: number, awaited?: AbortSignal): Promise<void> {
    if (!this.isTrading || awaited?.aborted) return nextTurn(this.#clock)
    const now = this.#clock.monotonicMs()
    const owedMs = Math.max(0, this.#restedAt - now) + REST_RATIO * workedMs
    const restMs = Math.min(REST_MAX_MS, Math.max(REST_MIN_MS, owedMs))
    this.#restedAt = now + restMs
    return new Promise((resolve) => {
      const timer = this.#clock.after(restMs, () => rest.end()) // F4
      const rest: Rest = {
        untilGrown: this.#grown + Math.max(1, entries / 2),
        end: () => {
          timer.cancel()
          awaited?.removeEventListener('abort', rest.end)
          this.#rests.delete(rest)
          // The log grows in the middle of an order's way, which comes first.
          this.#clock.nextTurn(resolve)
        },
      }
      this.#rests.add(rest)
      awaited?.addEventListener('abort', rest.end)
    })
  }
}
