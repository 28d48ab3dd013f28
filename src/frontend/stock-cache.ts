import { LRUCache } from 'lru-cache'
import type { StockView } from '../wire/messages.ts'

/** The pushed numbers of so many stocks are remembered. The highest one that had to make room counts for all other stocks. */
const FLOORS_MAX = 10_000

/** The ticket of a lookup. The lookup hands it back to have its answer cached. */
export interface CacheTicket {
  readonly session: number | undefined
  readonly drops: number
}

/**
 * The front end's cache of stocks: an LRU that serves only under a live session.
 *
 * K1. A value is served only while the session under which it was put is live.
 * K2. A value is put only when the catalogue calls it cacheable, under the session that was live when it was asked for,
 *     and only when it is not older than the highest number pushed for its stock.
 */
export class StockCache {
  /** Hears of what happens to stocks; undefined while nobody watches. */
  watcher: ((what: 'put' | 'hit' | 'evict' | 'invalidate', name: string) => void) | undefined
  readonly #lru: LRUCache<string, StockView>
  /** By name: the log position from which on a view of this stock may be put. */
  readonly #floors: LRUCache<string, number>
  #floorForAll = 0
  /** The number of the latest session, live or not; undefined once it has ended. */
  #session: number | undefined
  #sessions = 0
  #drops = 0
  hits = 0
  misses = 0
  evictions = 0
  invalidations = 0

  constructor(stocksMax: number) {
    this.#lru = new LRUCache({
      max: stocksMax,
      dispose: (_view, name, reason) => {
        if (reason !== 'evict') return
        this.evictions += 1
        this.watcher?.('evict', name)
      },
    })
    this.#floors = new LRUCache({
      max: FLOORS_MAX,
      dispose: (floor, _name, reason) => {
        if (reason === 'evict') this.#floorForAll = Math.max(this.#floorForAll, floor)
      },
    })
  }

  get size(): number {
    return this.#lru.size
  }

  /** The cached stocks, the one that was used last first. */
  get names(): readonly string[] {
    return [...this.#lru.keys()]
  }

  get stocksMax(): number {
    return this.#lru.max
  }

  /** Returns the stock when it is cached and the session is live (K1). */
  get(name: string, live: boolean): StockView | undefined {
    const view = live ? this.#lru.get(name) : undefined
    if (!view) return undefined
    this.hits += 1
    this.watcher?.('hit', name)
    return view
  }

  /** Counts a lookup that goes to the catalogue. */
  missed(): void {
    this.misses += 1
  }

  /** Returns the ticket of a lookup. It is taken before the catalogue is asked. */
  ticket(): CacheTicket {
    return { session: this.#session, drops: this.#drops }
  }

  /** Puts a view that belongs to this log position, if K2 allows it. */
  put(view: StockView, position: number, ticket: CacheTicket): void {
    const floor = Math.max(this.#floorForAll, this.#floors.peek(view.name) ?? 0)
    const current = ticket.session === this.#session && ticket.drops === this.#drops
    if (!(view.cacheable && current && this.#session !== undefined && position >= floor)) return
    this.#lru.set(view.name, view)
    this.watcher?.('put', view.name)
  }

  /** Drops these stocks, which trades up to order `number` have changed. */
  invalidate(names: readonly string[], number: number): void {
    for (const name of names) {
      this.#floors.set(name, Math.max(this.#floors.peek(name) ?? 0, number + 1))
      this.#remove(name)
    }
  }

  /**
   * Drops one stock for a caller who gives no number. No answer that is on its way now may be put, since nobody knows how old
   * it is.
   */
  drop(name: string): void {
    this.#drops += 1
    this.#remove(name)
  }

  #remove(name: string): void {
    if (!this.#lru.delete(name)) return
    this.invalidations += 1
    this.watcher?.('invalidate', name)
  }

  /** Begins a new session. Nothing that was put under the last one is served again. */
  begin(): void {
    this.#sessions += 1
    this.#session = this.#sessions
    this.#clear()
  }

  /** Ends the session. Nothing is served or put before the next one begins. */
  end(): void {
    this.#session = undefined
    this.#clear()
  }

  #clear(): void {
    this.#lru.clear()
    this.#floors.clear()
    this.#floorForAll = 0
  }
}
