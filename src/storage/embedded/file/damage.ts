import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StorageFailure } from '../../ledger.ts'
import { syncFolder } from './folder.ts'
import { asFailure } from './sqlite-error.ts'

/** What a file holds is not what was written to it. Becomes a {@link DamagedFile}, which names the file. */
export class Damage extends Error {
  override readonly name = 'Damage'
}

/**
 * A value that stands in a file as it was written, and that no program of ours writes today: the file is sound, and may not
 * be put aside, and yet nobody can go on with it. Becomes a StorageFailure, which names the file.
 */
export class ImpossibleValue extends Error {
  override readonly name = 'ImpossibleValue'
}

/** A file of ours that cannot be trusted any more. Nothing else is: not a lock, a permission, a full disk. */
export class DamagedFile extends StorageFailure {
  readonly why: string

  constructor(path: string, cause: Error, advice: string) {
    super(`${path} is damaged: ${cause.message}. ${advice}`, { cause })
    this.why = cause.message
  }
}

/**
 * Damage that is noticed while a file is in use stands deep in it, where the next opening would not look: a file of
 * this ending beside it keeps it from being opened again. It goes away together with the damaged file.
 */
export const MARKER_ENDING = '.damaged'

/**
 * Leaves the marker, with the words, on disk. Best effort: an empty marker serves as well, and with none at all the
 * damage is noticed again.
 */
export function markDamaged(path: string, why: string): void {
  try {
    const descriptor = openSync(path + MARKER_ENDING, 'w')
    try {
      writeSync(descriptor, `${why}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    syncFolder(dirname(resolve(path)))
  } catch {
    // The disk may be full or gone: the damage itself is what has to be told.
  }
}

/** What the marker says; undefined when there is none. Throws a StorageFailure when that cannot be known. */
export function noticedDamage(path: string): string | undefined {
  try {
    const words = readFileSync(path + MARKER_ENDING, 'utf8').trim()
    return `${path}${MARKER_ENDING} says: ${words === '' ? 'damage was noticed' : words}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw asFailure(path + MARKER_ENDING, error)
  }
}
