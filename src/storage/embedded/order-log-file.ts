import type { OrderLog } from '../order-log.ts'
import { DamagedFile } from './file/damage.ts'
import { fileBehind, makeFolderOf, requireFiles } from './file/folder.ts'
import { lockFile, type FileLock } from './file/lock.ts'
import { LogTable } from './tables/log-table.ts'
import { FileInMaking } from './file/making.ts'
import { openSound, type Opened } from './file/opening.ts'
import { EmbeddedOrderLog } from './order-log.ts'
import { finishReplacing, isThere, putInPlace } from './file/replacing.ts'
import { ORDER_LOG_SCHEMA } from './tables/schemas.ts'
import type { SqliteFileOptions } from './file/sqlite-file.ts'
import { WaitingOrderLog } from './waiting-order-log.ts'

export interface EmbeddedOrderLogOptions extends SqliteFileOptions {
  /** Makes the id of a new file. */
  readonly newDiskId: () => string
  /** Called when a damaged file was moved to `archivedAs`, and an empty log begins in its place. */
  readonly onDamage: (why: string, archivedAs: string) => void
  /** Called when entries were cut off the log: how many, and in which file they are kept. */
  readonly onCut?: (entries: number, archivedAs: string) => void
}

/**
 * Opens a replica's file, or makes it. A damaged file is kept under another name, and an empty log with a new disk id takes
 * its place. While the disk has no room, the file is opened for reading. Once there is room, it is opened for writing.
 * Rejects with a `StorageFailure` when the file is of another kind or of a newer program, is in use by another process, or
 * cannot be read or written.
 */
export async function openEmbeddedOrderLog(path: string, options: EmbeddedOrderLogOptions): Promise<OrderLog> {
  const file = fileBehind(path)
  requireFiles(file)
  makeFolderOf(file)
  const { built, unwritable } = locked(file, (lock) => {
    finishReplacing(file)
    return openOrBegin(file, lock, options)
  })
  if (unwritable === undefined) return built
  return new WaitingOrderLog(built, unwritable, () => locked(file, (lock) => openFile(file, lock, options)))
}

/** Takes the file's lock and calls `open`, which takes over the lock. Releases the lock when `open` throws. */
function locked<T>(path: string, open: (lock: FileLock) => T): T {
  const lock = lockFile(path)
  try {
    return open(lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

function openOrBegin(path: string, lock: FileLock, options: EmbeddedOrderLogOptions): Opened<OrderLog> {
  let why: string | undefined
  try {
    if (isThere(path, ORDER_LOG_SCHEMA)) return openFile(path, lock, options)
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error
    why = error.why
  }
  const archivedAs = begin(path, options.newDiskId())
  if (why !== undefined && archivedAs !== undefined) options.onDamage(why, archivedAs)
  return openFile(path, lock, options)
}

function openFile(path: string, lock: FileLock, options: EmbeddedOrderLogOptions): Opened<OrderLog> {
  return openSound(path, ORDER_LOG_SCHEMA, lock, options, (file) => new EmbeddedOrderLog(file, options.onCut))
}

/** Makes an empty log. Keeps an old file under another name, and returns that name if there was one. */
function begin(path: string, diskId: string): string | undefined {
  const made = new FileInMaking(path, ORDER_LOG_SCHEMA)
  try {
    made.file.guard(() => new LogTable(made.file).write({ diskId, history: undefined, sealedGeneration: 0, length: 0 }))
    return putInPlace(made, path, 'damaged')
  } finally {
    made.discard()
  }
}
