import { traded, type Stock } from '../../domain/stock.ts'
import type { Entry, StockView } from '../../wire/messages.ts'

/** The levels of all stocks, as they are after the orders told so far. */
export class Levels {
  #stocks = new Map<string, Stock>()
  #position = 0

  /** Begins with stocks as they are after the orders below `position`. */
  begin(stocks: readonly StockView[], position: number): void {
    this.#stocks = new Map(stocks.map(({ name, priceCents, quantity, volume }) => [name, { name, priceCents, quantity, volume }]))
    this.#position = position
  }

  all(): Iterable<Stock> {
    return this.#stocks.values()
  }

  /** Carries the next orders out. Returns the stocks that they have changed. */
  carryOut(entries: readonly Entry[]): readonly Stock[] {
    const changed = new Set<string>()
    for (const { number, name, type, quantity } of entries) {
      const stock = this.#stocks.get(name)
      // The levels may be newer than the first orders.
      if (!stock || number < this.#position) continue
      this.#stocks.set(name, traded(stock, { type: type as 'buy' | 'sell', quantity }))
      changed.add(name)
    }
    return [...changed].map((name) => this.#stocks.get(name)!)
  }
}
