import type { StatementSync } from 'node:sqlite'
import type { Stock } from '../../../domain/stock.ts'
import type { Genesis } from '../../chain.ts'
import { checkedRow, rowChecksum } from '../file/row.ts'
import { Damage } from '../file/damage.ts'
import { toStock } from './genesis-table.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

/** Writes the levels that a history begins with, inside a transaction. */
export function insertStocks(file: SqliteFile, stocks: readonly Stock[]): void {
  const insert = file.prepare('INSERT INTO stocks VALUES (?, ?, ?, ?, ?)')
  for (const stock of stocks) insert.run(...valuesOf(stock))
}

/** The table `stocks`, with a copy in memory of the levels that are on disk. All calls run inside the file's guard. */
export class StockTable {
  readonly #update: StatementSync
  readonly #levels: Map<string, Stock>

  constructor(file: SqliteFile, genesis: Genesis) {
    this.#update = file.prepare('UPDATE stocks SET price_cents = ?, quantity = ?, volume = ?, checksum = ? WHERE name = ?')
    const rows = file.prepare('SELECT stocks.* FROM stocks LEFT JOIN genesis USING (name) ORDER BY position, name').all()
    const stocks = rows.map((row) => toStock(checkedRow('stocks', row)))
    this.#levels = new Map(stocks.map((stock) => [stock.name, stock]))
    const missing = genesis.stocks.find((stock) => !this.#levels.has(stock.name))
    if (missing) throw new Damage(`stock ${missing.name} is missing`)
    if (this.#levels.size !== genesis.stocks.length) throw new Damage('it holds stocks that were never for sale')
  }

  get(name: string): Stock | undefined {
    return this.#levels.get(name)
  }

  /** Returns all stocks, in the order of the opening catalogue. */
  all(): readonly Stock[] {
    return [...this.#levels.values()]
  }

  /** Writes new levels. The copy in memory follows with `apply`, once they are synced. */
  write(stocks: readonly Stock[]): void {
    for (const stock of stocks) {
      const [name, ...changed] = valuesOf(stock)
      const { changes } = this.#update.run(...changed, name)
      if (changes !== 1) throw new Damage(`stock ${stock.name} is missing`)
    }
  }

  apply(stocks: readonly Stock[]): void {
    for (const stock of stocks) this.#levels.set(stock.name, stock)
  }
}

/** Returns the columns of a row, the checksum last. */
function valuesOf({ name, priceCents, quantity, volume }: Stock): [string, number, number, number, string] {
  return [name, priceCents, quantity, volume, rowChecksum('stocks', [name, priceCents, quantity, volume])]
}
