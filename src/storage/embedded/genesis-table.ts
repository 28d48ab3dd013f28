import type { Stock } from '../../domain/stock.ts'
import { integer, text, type Row } from './row.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** Writes the opening catalogue, once, inside a transaction. */
export function writeOpeningStocks(file: SqliteFile, stocks: readonly Stock[]): void {
  const insert = file.prepare('INSERT INTO genesis VALUES (?, ?, ?, ?, ?)')
  stocks.forEach((stock, position) => {
    insert.run(position, stock.name, stock.priceCents, stock.quantity, stock.volume)
  })
}

/** The opening catalogue, in its order. */
export function readOpeningStocks(file: SqliteFile): readonly Stock[] {
  return file.prepare('SELECT * FROM genesis ORDER BY position').all().map(toStock)
}

export function toStock(row: Row): Stock {
  return {
    name: text(row, 'name'),
    priceCents: integer(row, 'price_cents'),
    quantity: integer(row, 'quantity'),
    volume: integer(row, 'volume'),
  }
}
