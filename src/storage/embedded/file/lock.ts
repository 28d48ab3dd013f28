import { DatabaseSync } from 'node:sqlite'
import { StorageFailure } from '../../ledger.ts'
import { asFailure, isBusy, isReadOnly } from './sqlite-error.ts'

/** Says that one process uses a file. Ends with the process, however that ends. */
export interface FileLock {
  /** Does no harm when called twice. */
  release(): void
}

/**
 * Takes the lock of the place at `path`, whatever stands there: an exclusive SQLite lock on an empty file beside it. It
 * is a file of its own so that anybody can read the real one while it is in use, and so that the real one can be
 * replaced under it; it stays behind, since removing it would open a race. Where somebody removes or replaces it, the
 * lock on the real file itself remains: see `lockDataFile`.
 * Throws a StorageFailure when another process (or another part of this one) holds it, and when nobody can know whether
 * it is held: SQLite takes a file that it cannot write for one that it may only read, and locks nothing.
 */
export function lockFile(path: string): FileLock {
  const lockPath = `${path}.lock`
  const database = openLock(lockPath)
  try {
    // What is written in it is never committed: that it can be written shows that the lock is one.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1')
  } catch (error) {
    database.close()
    throw refusal(path, lockPath, error)
  }
  return {
    release: () => {
      if (database.isOpen) database.close()
    },
  }
}

function refusal(path: string, lockPath: string, error: unknown): unknown {
  if (isBusy(error)) {
    return new StorageFailure(
      `${path} is in use: another process holds ${lockPath}. Stop that process, or start this one with another file`,
    )
  }
  if (!isReadOnly(error)) return asFailure(lockPath, error)
  return new StorageFailure(
    `${path} cannot be locked: ${lockPath} cannot be written, so nobody knows whether another process uses it. Give this ` +
      `user the right to write ${lockPath}, or remove that file when no process uses ${path}`,
    { cause: error },
  )
}

function openLock(lockPath: string): DatabaseSync {
  try {
    return new DatabaseSync(lockPath, { timeout: 0 })
  } catch (error) {
    throw asFailure(lockPath, error)
  }
}
