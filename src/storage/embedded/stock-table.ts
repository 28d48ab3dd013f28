import type { StatementSync } from 'node:sqlite'
import type { Stock } from '../../domain/stock.ts'
import type { Genesis } from '../chain.ts'
import { Damage } from './damage.ts'
import { toStock } from './genesis-table.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** The table `stocks`, with a copy in memory of the levels that are on disk. All calls run inside the file's guard. */
export class StockTable {
  readonly #update: StatementSync
  readonly #levels: Map<string, Stock>

  constructor(file: SqliteFile, genesis: Genesis) {
    this.#update = file.prepare('UPDATE stocks SET price_cents = ?, quantity = ?, volume = ? WHERE name = ?')
    const rows = file
      .prepare('SELECT stocks.* FROM stocks LEFT JOIN genesis USING (name) ORDER BY position, name')
      .all()
    this.#levels = new Map(rows.map(toStock).map((stock) => [stock.name, stock]))
    const missing = genesis.stocks.find((stock) => !this.#levels.has(stock.name))
    if (missing) throw new Damage(`stock ${missing.name} is missing`)
    if (this.#levels.size !== genesis.stocks.length) throw new Damage('it holds stocks that were never for sale')
  }

  get(name: string): Stock | undefined {
    return this.#levels.get(name)
  }

  /** In the order of the opening catalogue. */
  all(): readonly Stock[] {
    return [...this.#levels.values()]
  }

  /** Writes new levels; the copy in memory follows with `apply`, once they are synced. */
  write(stocks: readonly Stock[]): void {
    for (const stock of stocks) {
      const { changes } = this.#update.run(stock.priceCents, stock.quantity, stock.volume, stock.name)
      if (changes !== 1) throw new Damage(`stock ${stock.name} is missing`)
    }
  }

  apply(stocks: readonly Stock[]): void {
    for (const stock of stocks) this.#levels.set(stock.name, stock)
  }
}
