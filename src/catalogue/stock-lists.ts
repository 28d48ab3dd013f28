import { LIMITS } from '../domain/limits.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import type { ServedStream } from '../wire/network.ts'
import type { CatalogueToFrontEnd } from '../wire/messages.ts'
import type { Publication } from './publication.ts'

/**
 * Lists all stocks for one front end, one list at a time and in parts: the next part is made when the one before has been
 * taken, and trades and lookups get their turn between them. All parts belong to one position of the log.
 */
export class StockLists {
  readonly #clock: Clock
  readonly #publication: Publication
  readonly #stream: ServedStream<CatalogueToFrontEnd>
  /** Queries that were asked for and not answered. */
  #waiting: number[] = []
  #isClosed = false

  constructor(clock: Clock, publication: Publication, stream: ServedStream<CatalogueToFrontEnd>) {
    this.#clock = clock
    this.#publication = publication
    this.#stream = stream
  }

  /** Answers this query with all stocks; one of too many gets none, as from a catalogue that cannot say. */
  ask(query: number): void {
    if (this.#waiting.length >= LIMITS.readsPerCallerMax) {
      this.#stream.send({ answer: { query, stocks: [], position: -1, more: false } })
    } else if (this.#waiting.push(query) === 1) void this.#answer()
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isClosed = true
  }

  async #answer(): Promise<void> {
    for (let query = this.#waiting[0]; query !== undefined; query = this.#waiting[0]) {
      await this.#list(query)
      this.#waiting.shift()
    }
  }

  async #list(query: number): Promise<void> {
    const position = this.#publication.published
    const all = this.#publication.stocks() // Stocks never change: a trade puts others in their place.
    for (let from = 0; from < all.length && !this.#isClosed; from += LIMITS.stocksPartMax) {
      const part = all.slice(from, from + LIMITS.stocksPartMax)
      // By the time it is sent there may be a trade on it: a list is for nobody's cache.
      const stocks = part.map((stock) => ({ ...stock, cacheable: false, found: true }))
      this.#stream.send({ answer: { query, stocks, position, more: from + part.length < all.length } })
      await this.#stream.drained()
      await nextTurn(this.#clock)
    }
  }
}
