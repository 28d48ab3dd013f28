import { closeSync, openSync, readSync } from 'node:fs'
import { StorageFailure } from '../../ledger.ts'

/**
 * Throws a StorageFailure when there is a rollback journal with contents. This program writes none. Such a journal belongs
 * to another program that was interrupted or is writing now, or to an earlier file of that name. SQLite would roll it back
 * into whatever file is there.
 */
export function checkNoJournal(path: string): void {
  const journal = `${path}-journal`
  if (!isHot(journal)) return
  throw new StorageFailure(
    `${journal} is there: another program writes to ${path}, or was interrupted. Stop that program; if it was ` +
      `interrupted, \`sqlite3 ${path} 'PRAGMA integrity_check'\` takes back what it had begun; a journal that is left ` +
      'over from another file has to be moved away',
  )
}

/** Says whether SQLite would roll the journal back. SQLite takes a journal that begins with a zero for finished. */
function isHot(journal: string): boolean {
  const descriptor = openIfThere(journal)
  if (descriptor === undefined) return false
  try {
    const first = Buffer.alloc(1)
    return readSync(descriptor, first, 0, 1, 0) === 1 && first[0] !== 0
  } finally {
    closeSync(descriptor)
  }
}

/** Opens a file to read. Returns undefined when there is no such file. */
export function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
