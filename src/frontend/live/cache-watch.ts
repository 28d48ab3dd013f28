import type { LiveCacheEvents } from '../../http/live.ts'
import type { Clock } from '../../runtime/clock.ts'

const ITEMS_MAX = 50
/** Of the hits, so many are told at a time. */
const HITS_MAX = 10

type Item = LiveCacheEvents['items'][number]

/** Gathers what happens in the cache between two messages to the readers. */
export class CacheWatch {
  readonly #clock: Clock
  readonly #noted: () => void
  #items: Item[] = []
  #hits = 0

  /** `noted` is called when there is something to tell. */
  constructor(clock: Clock, noted: () => void) {
    this.#clock = clock
    this.#noted = noted
  }

  note(what: Item[1], name: string): void {
    if (this.#items.length >= ITEMS_MAX || (what === 'hit' && this.#hits >= HITS_MAX)) return
    if (what === 'hit') this.#hits += 1
    this.#items.push([this.#clock.wallMs(), what, name])
    if (this.#items.length === 1) this.#noted()
  }

  /** Returns what was noted since the last call. */
  take(): readonly Item[] {
    const items = this.#items
    this.#items = []
    this.#hits = 0
    return items
  }
}
