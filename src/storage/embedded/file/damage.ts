import { StorageFailure } from '../../ledger.ts'

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
