const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26
const PRIMARY_CODE = 0xff

/** What node:sqlite throws when SQLite itself fails. */
interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR'
  /** SQLite's extended result code. */
  readonly errcode: number
}

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

/** Somebody else holds a lock on the file. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && primaryCode(error) === SQLITE_BUSY
}

/** SQLite noticed that the file is not as it left it. */
export function isCorruption(error: unknown): error is Error {
  return isSqliteError(error) && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(primaryCode(error))
}

/** The file holds an integer beyond 2^53-1, which no file of ours does. */
export function isIntegerOutOfRange(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
}

function primaryCode(error: SqliteError): number {
  return error.errcode & PRIMARY_CODE
}
