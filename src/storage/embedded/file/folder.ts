import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StorageFailure } from '../../ledger.ts'

/** As many as the kernel follows. */
const LINKS_MAX = 40
/** What belongs to a data file, by the end of its name. */
const BESIDE = ['', '-wal', '-shm', '-journal', '.lock', '.damaged']

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
 * Throws a StorageFailure when something else than a file stands at `path`, or where a file that belongs to it has its
 * place: to open a pipe is to wait for ever, and a device would be put aside as a damaged file.
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
