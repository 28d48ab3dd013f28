import { DatabaseSync } from 'node:sqlite'
import { StorageFailure } from '../../ledger.ts'
import { asFailure, isBusy, isReadOnly } from './sqlite-error.ts'

/** Keeps a file for one process. The lock ends with the process, however the process ends. */
export interface FileLock {
  /** Ends the lock. May be called twice. */
  release(): void
}

/**
 * Locks the place at `path`, whatever is there. The lock is an exclusive SQLite lock on an empty file beside it. The lock has
 * a file of its own, so that anybody can read the real file while it is in use, and so that the real file can be replaced
 * meanwhile. The lock file is never removed, since that would open a race. If somebody removes or replaces it, the lock on
 * the real file remains: see `lockDataFile`. Throws a StorageFailure when another process, or another part of this one, holds
 * the lock. Throws one as well when that cannot be known: SQLite opens a file without permission to write for reading only,
 * and then locks nothing.
 */
export function lockFile(path: string): FileLock {
  const lockPath = `${path}.lock`
  const database = openLock(lockPath)
  try {
    // The write is never committed. It only shows that the lock file can be written, and so that the lock holds.
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
