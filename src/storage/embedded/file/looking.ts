import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { needsToWrite } from './sqlite-error.ts'

/** A connection that only reads. */
export interface Looking {
  readonly database: DatabaseSync
  /** True when this connection and a process that writes meanwhile notice each other's locks. */
  readonly sharesLocks: boolean
}

/**
 * Opens the file at `path` to read it. SQLite writes even then: it makes the index of the write-ahead log, which is a file
 * beside it. When it cannot (no permission, a read-only file system, no room), the index is made in memory, and the file is
 * read without locks.
 */
export function openToLook(path: string, busyTimeoutMs: number): Looking {
  try {
    return { database: opened(path, busyTimeoutMs, ''), sharesLocks: true }
  } catch (error) {
    if (!needsToWrite(error)) throw error
    return { database: openAlone(path, error), sharesLocks: false }
  }
}

/** Returns a text that changes whenever somebody writes to the file or to its write-ahead log. */
export function stampOf(path: string): string {
  const stamps = [path, `${path}-wal`].map((each) => {
    const stat = statSync(each, { bigint: true, throwIfNoEntry: false })
    return stat && [stat.ino, stat.size, stat.mtimeNs].join(':')
  })
  return stamps.join(' ')
}

function openAlone(path: string, why: unknown): DatabaseSync {
  const hasWal = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  const url = pathToFileURL(resolve(path)).href
  try {
    return hasWal ? opened(`${url}?vfs=unix-none`, 0, 'PRAGMA locking_mode = EXCLUSIVE') : opened(`${url}?immutable=1`, 0, '')
  } catch (error) {
    throw needsToWrite(error) ? why : error
  }
}

/** Opens the file and reads its first page, so that a file that cannot be read fails at once. */
function opened(path: string, timeout: number, first: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout, readOnly: true })
  try {
    if (first !== '') database.exec(first)
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
