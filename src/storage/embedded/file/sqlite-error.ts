import { StorageFailure } from '../../ledger.ts'

const SQLITE_ERROR = 1
const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26
const PRIMARY_CODE = 0xff
/** SQLITE_IOERR_SHMOPEN, _SHMSIZE, _SHMLOCK and _SHMMAP without the primary code: failures of the log's index. */
const OF_THE_LOGS_INDEX = [18, 19, 20, 21]

/** Hints for errors in which SQLite gives no reason, by its primary code. */
const ADVICE: Readonly<Record<number, string>> = {
  [SQLITE_BUSY]: 'another program is writing to it: end its transaction',
  [SQLITE_READONLY]: 'it has to be writable for the user that runs this program: look at its owner, flags and mount',
  [SQLITE_IOERR]: 'look at the disk, and at its quota',
  [SQLITE_FULL]: 'make room on the disk',
  [SQLITE_CANTOPEN]: 'look at the permissions of the file and of its folder, at the room on the disk, and at its mount',
}

/** The error that node:sqlite throws when SQLite itself fails. */
interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR'
  /** SQLite's extended result code. */
  readonly errcode: number
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

/** Says whether somebody else holds a lock on the file. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && primaryCode(error) === SQLITE_BUSY
}

/** Says whether the file was opened for reading only because it cannot be written. */
export function isReadOnly(error: unknown): boolean {
  return isSqliteError(error) && primaryCode(error) === SQLITE_READONLY
}

/** Says whether SQLite could not read a file because it cannot write beside it. */
export function needsToWrite(error: unknown): boolean {
  if (!isSqliteError(error)) return false
  const primary = primaryCode(error)
  if (primary === SQLITE_IOERR) return OF_THE_LOGS_INDEX.includes(error.errcode >> 8)
  return primary === SQLITE_CANTOPEN || primary === SQLITE_READONLY
}

/** Says whether SQLite noticed damage in the file. */
export function isCorruption(error: unknown): error is Error {
  return isSqliteError(error) && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(primaryCode(error))
}

/** Says whether a statement of ours does not fit the file's tables: a table is missing, or has other columns. */
export function isForeignSchema(error: unknown): error is Error {
  const words = /^(no such (table|column)|table \w+ has)/
  return isSqliteError(error) && primaryCode(error) === SQLITE_ERROR && words.test(error.message)
}

/** Says whether the file holds an integer beyond 2^53-1. No sound file of ours holds one. */
export function isIntegerOutOfRange(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
}

/** Turns an error of SQLite or of the file system into a StorageFailure about `path`. Returns any other error as it is. */
export function asFailure(path: string, error: unknown): unknown {
  const isOfTheSystem = error instanceof Error && 'syscall' in error
  if (!isOfTheSystem && !isSqliteError(error)) return error
  const advice = isSqliteError(error) ? ADVICE[primaryCode(error)] : undefined
  return new StorageFailure(`${path} cannot be used: ${error.message}${advice ? `; ${advice}` : ''}`, { cause: error })
}

function primaryCode(error: SqliteError): number {
  return error.errcode & PRIMARY_CODE
}
