import type { Entry } from '../domain/order.ts'
import { traded, untraded, type Stock } from '../domain/stock.ts'
import { assert } from '../runtime/assert.ts'

/**
 * The published levels. Decided entries wait here until they are published. Lookups see the published levels only.
 *
 * P1. Levels that are shown belong to one log position. That position never goes back, even at a restart: after a start
 *     nothing is shown until everything that may have been shown before is published again ("settled").
 * P2. A stock with an unpublished trade is never cacheable.
 */
export class Publication {
  readonly #visible: Map<string, Stock>
  #pending: Entry[]
  #published: number
  readonly #settledFrom: number
  readonly #settling: Promise<void>
  readonly #waiting: { position: number; resolve: () => void }[] = []
  readonly #pendingByName = new Map<string, number>()

  /** `stocks` are the levels at the head, after the `pending` entries of the log's end that may not be published. */
  constructor(stocks: readonly Stock[], length: number, pending: readonly Entry[]) {
    this.#visible = new Map(stocks.map((stock) => [stock.name, stock]))
    this.#published = length - pending.length
    this.#settledFrom = length
    this.#pending = []
    for (const entry of pending.toReversed()) this.#visible.set(entry.name, untraded(this.#stockOf(entry), entry))
    this.addDecided(pending)
    this.#settling = this.whenPublished(length)
  }

  get published(): number {
    return this.#published
  }

  /** True when lookups may be answered (P1). */
  get settled(): boolean {
    return this.#published >= this.#settledFrom
  }

  /** Entries that the ledger has just decided. */
  addDecided(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#pending.push(entry)
      this.#pendingByName.set(entry.name, (this.#pendingByName.get(entry.name) ?? 0) + 1)
    }
  }

  /** Shows every entry below `position`. */
  publish(position: number): void {
    const count = position - this.#published
    if (count <= 0) return
    assert(count <= this.#pending.length, 'only decided entries are published')
    for (const entry of this.#pending.slice(0, count)) {
      this.#visible.set(entry.name, traded(this.#stockOf(entry), entry))
      const left = (this.#pendingByName.get(entry.name) ?? 0) - 1
      if (left > 0) this.#pendingByName.set(entry.name, left)
      else this.#pendingByName.delete(entry.name)
    }
    this.#pending = this.#pending.slice(count)
    this.#published = position
    const due = this.#waiting.filter((waiter) => waiter.position <= position)
    for (const waiter of due) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      waiter.resolve()
    }
  }

  /** Resolves once everything below `position` is published. */
  whenPublished(position: number): Promise<void> {
    if (this.#published >= position) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ position, resolve }))
  }

  /** Resolves once lookups may be answered (P1). */
  whenSettled(): Promise<void> {
    return this.#settling
  }

  stock(name: string): Stock | undefined {
    return this.#visible.get(name)
  }

  stocks(): readonly Stock[] {
    return [...this.#visible.values()]
  }

  /** Says whether a front end may cache the stock (P2). */
  cacheable(name: string): boolean {
    return !this.#pendingByName.has(name)
  }

  #stockOf({ name }: Entry): Stock {
    const stock = this.#visible.get(name)
    assert(stock !== undefined, 'every entry trades a stock of the catalogue')
    return stock
  }
}
