import type { Entry } from '../domain/order.ts'
import { traded, type Stock } from '../domain/stock.ts'

/** The levels of all stocks. They follow a log entry by entry. */
export class Levels {
  readonly #stocks: Map<string, Stock>

  constructor(opening: readonly Stock[]) {
    this.#stocks = new Map(opening.map((stock) => [stock.name, stock]))
  }

  /** Returns all stocks, in the order of the opening catalogue. */
  all(): readonly Stock[] {
    return [...this.#stocks.values()]
  }

  /** Applies the next entry. Throws when no ledger can have decided it; the message names the entry. */
  apply(entry: Entry): void {
    const { number, name } = entry
    const stock = this.#stocks.get(name)
    if (!stock) throw new Error(`entry ${number} trades ${name}, which was never for sale`)
    const left = traded(stock, entry)
    const { quantity, volume } = left
    if (quantity < 0 || !Number.isSafeInteger(quantity) || !Number.isSafeInteger(volume)) {
      throw new Error(`entry ${number} leaves ${quantity} shares of ${name} and a volume of ${volume}`)
    }
    this.#stocks.set(name, left)
  }
}
