import { DatabaseSync } from 'node:sqlite'
import { StorageFailure } from '../ledger.ts'
import { asFailure, isBusy } from './sqlite-error.ts'

/** Says that one process uses a file. Ends with the process, however that ends. */
export interface FileLock {
  /** Does no harm when called twice. */
  release(): void
}

/**
 * Takes the lock of the file at `path`: an exclusive SQLite lock on an empty file beside it. It is a file of its own so
 * that anybody can read the real one while it is in use, and so that the real one can be replaced under it; it stays
 * behind, since removing it would open a race.
 * Throws a StorageFailure when another process (or another part of this one) holds it.
 */
export function lockFile(path: string): FileLock {
  const lockPath = `${path}.lock`
  const database = openLock(lockPath)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw asFailure(lockPath, error)
    throw new StorageFailure(
      `${path} is in use: another process holds ${lockPath}. Stop that process, or start this one with another file`,
    )
  }
  return {
    release: () => {
      if (database.isOpen) database.close()
    },
  }
}

function openLock(lockPath: string): DatabaseSync {
  try {
    return new DatabaseSync(lockPath, { timeout: 0 })
  } catch (error) {
    throw asFailure(lockPath, error)
  }
}
