import { closeSync, type Dirent, fdatasyncSync, openSync, readdirSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK_BYTES = 4_096
const PROBE_MS = 300
const TMPFS = 0x01021994

/** How often a second the disk syncs 4 KiB appended to a file: what one writer without group commit could reach. */
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

/** Whether the folder stands in memory, where a sync costs nothing and proves nothing. */
export const standsInMemory = (folder: string): boolean => statfsSync(folder).type === TMPFS

/** Files and folders that are used again and again, or tell what happened: they do not grow with what is kept. */
const NOT_KEPT = /-wal$|-shm$|\.log$|\.pid$|^pg_wal$|^logs$/

/** Bytes of the files below a folder, without write-ahead logs that are recycled. */
export function keptBytes(folder: string): number {
  return entriesOf(folder)
    .filter(({ name }) => !NOT_KEPT.test(name))
    .reduce((sum, entry) => {
      const path = join(folder, entry.name)
      return sum + (entry.isDirectory() ? keptBytes(path) : fileBytes(path))
    }, 0)
}

/** Files and folders come and go while a system runs. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

const fileBytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
