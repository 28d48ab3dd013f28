import { StorageFailure } from '../ledger.ts'

const SQLITE_ERROR = 1
const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26
const PRIMARY_CODE = 0xff

/** What node:sqlite throws when SQLite itself fails. */
interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR'
  /** SQLite's extended result code. */
  readonly errcode: number
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

/** Somebody else holds a lock on the file. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && primaryCode(error) === SQLITE_BUSY
}

/** The file was opened for reading only, as it cannot be written. */
export function isReadOnly(error: unknown): boolean {
  return isSqliteError(error) && primaryCode(error) === SQLITE_READONLY
}

/** SQLite noticed that the file is not as it left it. */
export function isCorruption(error: unknown): error is Error {
  return isSqliteError(error) && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(primaryCode(error))
}

/** A statement of ours does not fit the tables that the file holds: one is missing, or has other columns. */
export function isForeignSchema(error: unknown): error is Error {
  const words = /^(no such (table|column)|table \w+ has)/
  return isSqliteError(error) && primaryCode(error) === SQLITE_ERROR && words.test(error.message)
}

/** A value cannot stand in JSON: bytes where text should be. */
export function isNoJson(error: unknown): boolean {
  return isSqliteError(error) && primaryCode(error) === SQLITE_ERROR && /JSON/.test(error.message)
}

/** The file holds an integer beyond 2^53-1, which no file of ours does. */
export function isIntegerOutOfRange(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
}

/** What SQLite or the file system says about `path`, as a StorageFailure; any other error as it is. */
export function asFailure(path: string, error: unknown): unknown {
  const isOfTheSystem = error instanceof Error && 'syscall' in error
  if (!isOfTheSystem && !isSqliteError(error)) return error
  return new StorageFailure(`${path} cannot be used: ${error.message}`, { cause: error })
}

function primaryCode(error: SqliteError): number {
  return error.errcode & PRIMARY_CODE
}
