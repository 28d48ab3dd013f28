import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

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
