import type { SQLOutputValue } from 'node:sqlite'
import { Damage } from './damage.ts'

/** One row as SQLite gives it. A sound file holds only what its schema allows, but files are not always sound. */
export type Row = Record<string, SQLOutputValue>

const DIGEST_BYTES = 32

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new Damage(`${column} is ${shown(value)}, not text`)
  return value
}

/** An integer 0..2^53-1. */
export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Damage(`${column} is ${shown(value)}, not an integer from 0 to 2^53-1`)
  }
  return value
}

/** A digest of 32 bytes, as 64 hexadecimal digits. */
export function digest(row: Row, column: string): string {
  const value = row[column]
  if (!(value instanceof Uint8Array) || value.length !== DIGEST_BYTES) {
    throw new Damage(`${column} is ${shown(value)}, not ${DIGEST_BYTES} bytes`)
  }
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
}

/** The row of a query that always has one. */
export function only(row: Row | undefined, what: string): Row {
  if (!row) throw new Damage(`${what} is missing`)
  return row
}

function shown(value: SQLOutputValue | undefined): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}
