import { closeSync, type Dirent, fdatasyncSync, openSync, readdirSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK_BYTES = 4_096
const PROBE_MS = 300
const TMPFS = 0x01021994

/** Measures how often a second the disk syncs 4 KiB appended to a file. One writer without group commit could reach that. */
export function syncsPerSecond(folder: string): number {
  const path = join(folder, 'sync-probe')
  const descriptor = openSync(path, 'w')
  const block = Buffer.alloc(BLOCK_BYTES, 7)
  try {
    let syncs = 0
    const startMs = performance.now()
    while (performance.now() - startMs < PROBE_MS) {
      writeSync(descriptor, block)
      fdatasyncSync(descriptor)
      syncs += 1
    }
    return (1_000 * syncs) / (performance.now() - startMs)
  } finally {
    closeSync(descriptor)
    rmSync(path, { force: true })
  }
}

/** Says whether the folder is in memory, where a sync costs nothing and proves nothing. */
export const standsInMemory = (folder: string): boolean => statfsSync(folder).type === TMPFS

/** Files and folders that are used again and again, and logs. They do not grow with the data that is kept. */
const NOT_KEPT = /-wal$|-shm$|\.log$|\.pid$|^pg_wal$|^logs$/

/** Counts the bytes of the files below a folder, without write-ahead logs, which are used again. */
export function keptBytes(folder: string): number {
  return entriesOf(folder)
    .filter(({ name }) => !NOT_KEPT.test(name))
    .reduce((sum, entry) => {
      const path = join(folder, entry.name)
      return sum + (entry.isDirectory() ? keptBytes(path) : fileBytes(path))
    }, 0)
}

/** Lists a folder. Files and folders may vanish while a system runs. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

const fileBytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
