import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { needsToWrite } from './sqlite-error.ts'

/** A connection that only reads. */
export interface Looking {
  readonly database: DatabaseSync
  /** Whether a process that writes meanwhile is noticed, and waits where it has to. */
  readonly sharesLocks: boolean
}

/**
 * Opens the file at `path` to read it. SQLite wants to write even so: it makes the index of the write-ahead log, a file
 * beside it. Where that cannot be (no permission, a read-only file system, no room), the file is read without it, and
 * without locks: the index is then made in memory.
 */
export function openToLook(path: string, busyTimeoutMs: number): Looking {
  try {
    return { database: opened(path, busyTimeoutMs, ''), sharesLocks: true }
  } catch (error) {
    if (!needsToWrite(error)) throw error
    return { database: openAlone(path, error), sharesLocks: false }
  }
}

/** What changes when somebody writes to the file or its write-ahead log. */
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

/** Reads a first page, so that what cannot be opened shows at once. */
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
