import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StorageFailure } from '../../ledger.ts'

/** As many as the kernel follows. */
const LINKS_MAX = 40

/**
 * The file that `path` leads to when it is a symbolic link, whether it is there yet or not; else `path`. All that
 * belongs to a file stands beside it, where SQLite puts its write-ahead log, too: not beside a link to it.
 */
export function fileBehind(path: string): string {
  let file = path
  for (let links = 0; lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink(); links += 1) {
    if (links === LINKS_MAX) throw new StorageFailure(`${path} is a symbolic link that leads nowhere: put a file there`)
    file = resolve(dirname(file), readlinkSync(file))
  }
  return file
}

/**
 * Makes the folder that a file will stand in, and the ones above it, so that they survive a power loss: SQLite syncs
 * the folder of its file, but nobody syncs the entry of a new folder in the one above.
 */
export function makeFolderOf(path: string): void {
  const folder = dirname(resolve(path))
  const firstMade = mkdirSync(folder, { recursive: true })
  if (firstMade === undefined) return
  const lastToSync = dirname(firstMade)
  for (let above = dirname(folder); above.length >= lastToSync.length; above = dirname(above)) {
    syncFolder(above)
    if (above === lastToSync) return
  }
}

/** Makes what was renamed, made or removed in a folder survive a power loss. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return // a folder cannot be opened there
  sync(path, 'r')
}

/** Makes what was written to a file survive a power loss. */
export function syncFile(path: string): void {
  sync(path, 'r+')
}

function sync(path: string, flags: string): void {
  const descriptor = openSync(path, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
