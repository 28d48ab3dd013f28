import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { Damage, DamagedFile, MARKER_ENDING } from './damage.ts'
import { syncFolder } from './folder.ts'
import type { FileInMaking } from './making.ts'
import type { Schema } from './schema.ts'
import { asFailure } from './sqlite-error.ts'

/**
 * Puts new files in the place of old ones. The caller of each function holds the file's lock.
 *
 * A1. The new file counts from the moment that it is called `<path>.rebuilt.<archive>`. By then it is whole and synced. The
 *     process that opens `path` next finishes an interrupted replacement. Before that moment, the old file counts.
 * A2. The old file's write-ahead log and its damage marker are removed before the new file is called `path`. Otherwise they
 *     would be taken for the new file's.
 */

/** Why the old file is replaced. The name of its archive says so. */
export type ArchiveKind = 'replaced' | 'damaged'

/** Says whether there is a file to open. Throws a DamagedFile when only its write-ahead log is there. */
export function isThere(path: string, schema: Schema): boolean {
  if (sizeOf(path) !== undefined) return true
  if (!sizeOf(`${path}-wal`)) return false
  throw new DamagedFile(path, new Damage('its write-ahead log is there, but not the file itself'), schema.advice)
}

/**
 * Calls the new file `path`. A file that was there is kept as `<path>.<kind>-<number>`. Returns that path, or undefined when
 * nothing was there. When this is interrupted, at any moment, either the old file or the new one is left (A1).
 */
export function putInPlace(made: FileInMaking, path: string, kind: ArchiveKind): string | undefined {
  const archive = archivePath(path, kind)
  made.finish(join(dirname(path), `${markerOf(path)}${basename(archive).slice(basename(path).length + 1)}`)) // A1
  return finishReplacing(path)
}

/** Finishes an interrupted replacement, if there is one. Returns the path at which the old file is kept, if there was one. */
export function finishReplacing(path: string): string | undefined {
  const folder = dirname(resolve(path))
  const marker = markerOf(path)
  try {
    const whole = readdirSync(folder).find((name) => name.startsWith(marker))
    if (whole === undefined) return undefined
    const archive = `${path}.${whole.slice(marker.length)}`
    rmSync(`${path}-shm`, { force: true }) // SQLite makes it anew from the write-ahead log.
    if (sizeOf(`${path}-wal`) === 0) rmSync(`${path}-wal`)
    for (const suffix of ['-wal', MARKER_ENDING, '']) {
      if (sizeOf(path + suffix) !== undefined) renameSync(path + suffix, archive + suffix)
    }
    syncFolder(folder) // A2
    renameSync(join(folder, whole), path)
    syncFolder(folder)
    return sizeOf(archive) === undefined && sizeOf(`${archive}-wal`) === undefined ? undefined : archive
  } catch (error) {
    throw asFailure(path, error)
  }
}

/** Returns `<stem>-<number><ending>`, with a number above all that are in use. */
export function nextNumbered(stem: string, ending = ''): string {
  const start = `${basename(stem)}-`
  const numbers = readdirSync(dirname(resolve(stem)))
    .filter((name) => name.startsWith(start))
    .map((name) => Number.parseInt(name.slice(start.length), 10))
    .filter(Number.isSafeInteger)
  return `${stem}-${Math.max(0, ...numbers) + 1}${ending}`
}

const archivePath = (path: string, kind: ArchiveKind): string => nextNumbered(`${path}.${kind}`)

const markerOf = (path: string): string => `${basename(path)}.rebuilt.`

/** Returns the size in bytes, or undefined when there is no such file. Throws when that cannot be known. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size
  } catch (error) {
    throw asFailure(path, error)
  }
}
