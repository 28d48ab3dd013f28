import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StorageFailure } from '../../ledger.ts'
import { syncFolder } from './folder.ts'
import { asFailure } from './sqlite-error.ts'

/** A file does not hold what was written to it. This error becomes a {@link DamagedFile}, which names the file. */
export class Damage extends Error {
  override readonly name = 'Damage'
}

/**
 * A file holds a value just as it was written, but the present program would not write it. The file is sound, so it may not
 * be put aside. The program cannot continue with it either. This error becomes a StorageFailure, which names the file.
 */
export class ImpossibleValue extends Error {
  override readonly name = 'ImpossibleValue'
}

/** A file of ours is damaged and cannot be trusted any more. A lock, a permission or a full disk is another kind of failure. */
export class DamagedFile extends StorageFailure {
  readonly why: string

  constructor(path: string, cause: Error, advice: string) {
    super(`${path} is damaged: ${cause.message}. ${advice}`, { cause })
    this.why = cause.message
  }
}

/**
 * Ending of the marker file, which lies beside a damaged file and keeps it from being opened again. It is needed because
 * damage that is noticed while a file is in use may lie where the next opening does not look. The marker is removed
 * together with the damaged file.
 */
export const MARKER_ENDING = '.damaged'

/**
 * Writes the marker, with the reason in it. This is best effort: an empty marker serves as well, and without one the damage
 * is noticed again.
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
    // The disk may be full or gone. The caller reports the damage itself, which matters more.
  }
}

/** Returns the reason in the marker, or undefined when there is no marker. Throws a StorageFailure when that cannot be known. */
export function noticedDamage(path: string): string | undefined {
  try {
    const words = readFileSync(path + MARKER_ENDING, 'utf8').trim()
    return `${path}${MARKER_ENDING} says: ${words === '' ? 'damage was noticed' : words}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw asFailure(path + MARKER_ENDING, error)
  }
}
