import { hash } from 'node:crypto'
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { LIMITS } from '../../../domain/limits.ts'
import { Damage, ImpossibleValue } from './damage.ts'

/** One row as SQLite gives it. A sound file holds only what its schema allows, but files are not always sound. */
export type Row = Record<string, SQLOutputValue>

const DIGEST_BYTES = 32

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new Damage(`${column} is ${shown(value)}, not text`)
  return value
}

/** Returns an integer from 0 to 2^53-1. */
export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Damage(`${column} is ${shown(value)}, not an integer from 0 to 2^53-1`)
  }
  return value
}

/** Makes a statement read integers beyond 2^53-1, too: see {@link withNumbers}. */
export function integersOfAnySize(statement: StatementSync): StatementSync {
  statement.setReadBigInts(true)
  return statement
}

/**
 * Returns the same row with numbers in place of bigints. Those beyond 2^53-1 are rounded, just as they were when they were
 * written.
 */
export function withNumbers(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, typeof value === 'bigint' ? Number(value) : value]))
}

/**
 * Returns the generation in a row whose checksum was right. Throws an {@link ImpossibleValue} when no catalogue can have
 * reached it. Such values exist because an earlier version stored what a foreign process said.
 */
export function generation(row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number' && value >= 0 && value <= LIMITS.generationMax) return value
  throw new ImpossibleValue(
    `its ${column} is ${shown(value)}, and no catalogue comes to more than ${LIMITS.generationMax}. Its orders may be whole, so it is ` +
      'left where it is. Put back a backup of it, or move it away: then it is made anew from the other copies, as long as one can be opened',
  )
}

/** Returns a digest of 32 bytes, as 64 hexadecimal digits. */
export function digest(row: Row, column: string): string {
  const value = row[column]
  if (!(value instanceof Uint8Array) || value.length !== DIGEST_BYTES) {
    throw new Damage(`${column} is ${shown(value)}, not ${DIGEST_BYTES} bytes`)
  }
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
}

/** Returns the row of a query that always has one. Throws a {@link Damage} when it has none. */
export function only(row: Row | undefined, what: string): Row {
  if (!row) throw new Damage(`${what} is missing`)
  return row
}

function shown(value: SQLOutputValue | undefined): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}

/**
 * Each row of a table outside the digest chain has a checksum in its last column. SQLite has no checksums of its own, so a
 * flipped bit in a file would otherwise be served as a stock's level or as a refusal.
 */

const HEXADECIMAL_DIGITS = 16

/** Returns the first 16 hexadecimal digits of SHA-256 over the JSON array of the table's name and the row's other columns. */
export function rowChecksum(table: string, values: readonly (SQLInputValue | SQLOutputValue)[]): string {
  return hash('sha256', JSON.stringify([table, ...values])).slice(0, HEXADECIMAL_DIGITS)
}

/** Returns the values of a new row, its checksum last. */
export function withChecksum(table: string, values: readonly SQLInputValue[]): SQLInputValue[] {
  return [...values, rowChecksum(table, values)]
}

/** Returns the row when it matches its checksum. Throws a {@link Damage} when it does not. */
export function checkedRow(table: string, row: Row): Row {
  const values = Object.values(row)
  const stored = values.pop()
  if (rowChecksum(table, values) === stored) return row
  throw new Damage(`a row of table ${table} does not match its checksum: ${JSON.stringify(values)}`)
}
