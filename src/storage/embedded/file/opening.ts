import { StorageFailure } from '../../ledger.ts'
import { Damage, DamagedFile, noticedDamage } from './damage.ts'
import { lockDataFile, type InodeLock } from './inode-lock.ts'
import type { FileLock } from './lock.ts'
import { whyNotWritable } from './room.ts'
import type { Schema } from './schema.ts'
import { SqliteFile, type FileUse, type SqliteFileOptions } from './sqlite-file.ts'

/** An opened file with the object that was built on it. Both are closed together. */
export interface Opened<T> {
  readonly built: T
  /** Why the file could be opened for reading only, such as a full disk; undefined when it can be written. */
  readonly unwritable: string | undefined
}

/**
 * Opens an existing file and calls `build`, which checks the contents and makes an object on top of the file. A file with a
 * damage marker counts as damaged, whatever it looks like now.
 * The file is opened and built on twice. The first time nothing is written, so that a damaged file stays as it is, its
 * write-ahead log included. While the disk has no room, there is no second time, and the object can only read.
 * `lock` is released together with the file, and so is a lock on the file itself, which is taken here. When this throws,
 * `lock` is still held.
 */
export function openSound<T>(
  path: string,
  schema: Schema,
  lock: FileLock,
  options: SqliteFileOptions,
  build: (file: SqliteFile) => T,
): Opened<T> {
  const itself = lockItself(path)
  const locks = { place: lock, itself }
  try {
    const noticed = noticedDamage(path)
    if (noticed !== undefined) throw new DamagedFile(path, new Damage(noticed), schema.advice)
    const looked = buildOn(path, schema, { kind: 'look' }, (file) => {
      file.proveForm()
      return { built: build(file), unwritable: whyNotWritable(path) }
    })
    const { unwritable } = looked.built
    if (unwritable !== undefined) {
      looked.file.keepLocks(locks)
      return looked.built
    }
    looked.file.close()
    const { pagesMax } = options
    const { file, built } = buildOn(path, schema, { kind: 'write', ...(pagesMax !== undefined && { pagesMax }) }, build)
    file.keepLocks(locks)
    return { built, unwritable }
  } catch (error) {
    itself.release()
    throw error
  }
}

/** Locks the file itself. This lock meets a process that opened the file by another name or at another place. */
function lockItself(path: string): InodeLock {
  let itself: InodeLock | undefined
  try {
    itself = lockDataFile(path)
  } catch (error) {
    throw new StorageFailure(`${path} cannot be locked: ${wordsOf(error)}`, { cause: error })
  }
  if (itself) return itself
  throw new StorageFailure(
    `${path} is in use: another process has it open, perhaps by another name. Stop that process, or start this one with another file`,
  )
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function buildOn<T>(path: string, schema: Schema, use: FileUse, build: (file: SqliteFile) => T): { file: SqliteFile; built: T } {
  const file = new SqliteFile(path, schema, use)
  try {
    return { file, built: file.guard(() => build(file)) }
  } catch (error) {
    file.close()
    throw error
  }
}
