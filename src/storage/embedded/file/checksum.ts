import { hash } from 'node:crypto'
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { Damage } from './damage.ts'
import type { Row } from './row.ts'

/**
 * Tables outside the digest chain carry a checksum in the last column of each row. SQLite has none of its own: without
 * it, a bit that fell over in a file would be served as somebody's level or refusal.
 */

const HEXADECIMAL_DIGITS = 16

/** The first 16 hexadecimal digits of SHA-256 over the JSON array of the table's name and the row's other columns. */
export function rowChecksum(table: string, values: readonly (SQLInputValue | SQLOutputValue)[]): string {
  return hash('sha256', JSON.stringify([table, ...values])).slice(0, HEXADECIMAL_DIGITS)
}

/** The values of a new row, its checksum last. */
export function withChecksum(table: string, values: readonly SQLInputValue[]): SQLInputValue[] {
  return [...values, rowChecksum(table, values)]
}

/** The row, when it matches its checksum. Throws a {@link Damage} when it does not. */
export function checkedRow(table: string, row: Row): Row {
  const values = Object.values(row)
  const stored = values.pop()
  if (rowChecksum(table, values) === stored) return row
  throw new Damage(`a row of table ${table} does not match its checksum: ${JSON.stringify(values)}`)
}
