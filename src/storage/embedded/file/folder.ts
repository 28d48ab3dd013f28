import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StorageFailure } from '../../ledger.ts'

/** So many symbolic links in a row are followed. Linux follows as many. */
const LINKS_MAX = 40
/** Endings of the files that belong to one data file. */
const BESIDE = ['', '-wal', '-shm', '-journal', '.lock', '.damaged']

/**
 * Returns the file that `path` leads to when it is a symbolic link, even if that file does not exist yet; else `path` itself.
 * All that belongs to a file lies beside the file and not beside the link, because SQLite puts its write-ahead log there.
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
 * Throws a StorageFailure when something other than a file is at `path`, or at the place of a file that belongs to it.
 * Without this check, opening a pipe would wait for ever, and a device would be put aside as a damaged file.
 */
export function requireFiles(path: string): void {
  for (const end of BESIDE) requireFile(path + end)
}

function requireFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || found.isFile()) return
  const what = found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device'
  throw new StorageFailure(`${path} cannot be used: it is ${what}, where a file belongs: move it away`)
}

/**
 * Makes the folder of a future file, and the folders above it, so that they survive a power loss. SQLite syncs the folder
 * of its file. It does not sync the folder above, which holds the entry of a new folder.
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

/** Syncs a folder, so that what was made, renamed or removed in it survives a power loss. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return // Windows does not open folders.
  sync(path, 'r')
}

/** Syncs a file, so that what was written to it survives a power loss. */
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
