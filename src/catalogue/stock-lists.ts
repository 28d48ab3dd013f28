import { LIMITS } from '../domain/limits.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import type { ServedStream } from '../wire/network.ts'
import type { CatalogueToFrontEnd } from '../wire/messages.ts'
import type { ShownStocks } from './shown-stocks.ts'

/**
 * Lists all stocks for one front end, one list at a time and in parts. The next part is made when the one before has been
 * taken, and trades and lookups get their turn in between. All parts of a list belong to one position of the log.
 */
export class StockLists {
  readonly #clock: Clock
  readonly #stream: ServedStream<CatalogueToFrontEnd>
  /** Queries that are not answered yet. */
  #waiting: { readonly query: number; readonly shown: ShownStocks }[] = []
  #isClosed = false

  constructor(clock: Clock, stream: ServedStream<CatalogueToFrontEnd>) {
    this.#clock = clock
    this.#stream = stream
  }

  /** Answers this query with all stocks. When too many queries wait, it is answered as if nothing may be shown. */
  ask(query: number, shown: ShownStocks): void {
    if (this.#waiting.length >= LIMITS.readsPerCallerMax) {
      this.#stream.send({ answer: { query, stocks: [], position: -1, more: false } })
    } else if (this.#waiting.push({ query, shown }) === 1) void this.#answer()
  }

  /** Drops all queries, since nobody waits any more. */
  close(): void {
    this.#isClosed = true
  }

  async #answer(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      await this.#list(next.query, next.shown)
      this.#waiting.shift()
    }
  }

  async #list(query: number, shown: ShownStocks): Promise<void> {
    const { position } = shown
    const all = shown.all()
    for (let from = 0; from < all.length && !this.#isClosed; from += LIMITS.stocksPartMax) {
      const part = all.slice(from, from + LIMITS.stocksPartMax)
      // A list must not be cached: a stock may have been traded before its part is sent.
      const stocks = part.map((stock) => ({ ...stock, cacheable: false, found: true }))
      this.#stream.send({ answer: { query, stocks, position, more: from + part.length < all.length } })
      await this.#stream.drained()
      await nextTurn(this.#clock)
    }
  }
}
