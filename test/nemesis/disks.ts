import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SeededRandom } from '../checkers/seeded-random.ts'

const FLIPS_MAX = 24
const BALLAST = 'ballast'
const BALLAST_CHUNK = Buffer.alloc(65_536, 1)
/** A size with room for a few thousand orders before the disk counts as full. */
const SMALL_DISK = '96m'

/** Removes every file of the database, its write-ahead log included. Returns words that say what it did. */
export function loseFile(folder: string): string {
  const files = databaseFiles(folder)
  for (const file of files) rmSync(join(folder, file))
  return `removed ${files.join(', ') || 'nothing'}`
}

/** Cuts one of the database's files at a random offset, or flips random bytes in it. Returns words that say what it did. */
export function damageFile(folder: string, random: SeededRandom): string {
  const files = databaseFiles(folder).filter((file) => !file.endsWith('-shm') && statSync(join(folder, file)).size > 0)
  if (files.length === 0) return 'found nothing to damage'
  const file = random.pick(files)
  const { size } = statSync(join(folder, file))
  return random.chance(0.4) ? cut(folder, file, random.integer(0, size - 1)) : flip(folder, file, size, random)
}

function cut(folder: string, file: string, length: number): string {
  const descriptor = openSync(join(folder, file), 'r+')
  ftruncateSync(descriptor, length)
  closeSync(descriptor)
  return `cut ${file} at ${length}`
}

function flip(folder: string, file: string, size: number, random: SeededRandom): string {
  const descriptor = openSync(join(folder, file), 'r+')
  const offsets = Array.from({ length: random.integer(1, FLIPS_MAX) }, () => random.integer(0, size - 1))
  for (const offset of offsets) {
    const byte = Buffer.alloc(1)
    readSync(descriptor, byte, 0, 1, offset)
    byte[0]! ^= random.integer(1, 255)
    writeSync(descriptor, byte, 0, 1, offset)
  }
  closeSync(descriptor)
  return `flipped ${offsets.length} of the ${size} bytes of ${file}, at ${offsets.join(', ')}`
}

/** Returns the file and its `-wal` and `-shm`, without locks and archived files. */
const databaseFiles = (folder: string): string[] => readdirSync(folder).filter((name) => /^[a-z]+\d*\.db(-wal|-shm)?$/.test(name))

/** Says why no small disk can be made here. Undefined when one can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount a small disk'
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-disk-'))
  try {
    mountSmallDisk(folder)()
    return undefined
  } catch (error) {
    return `a small disk cannot be mounted: ${(error as Error).message.trim().split('\n').at(-1)}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Mounts a small file system in memory over the folder. The returned function takes it away with all that it holds. */
export function mountSmallDisk(folder: string): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', folder], { stdio: 'pipe' })
  // A process that is about to end may still have files open there.
  const takeAway = () => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' })
  process.once('exit', takeAway)
  return () => {
    process.off('exit', takeAway)
    takeAway()
  }
}

/** Writes into the folder until only `roomBytes` are left on its disk. The returned function makes room again. */
export function fillDisk(folder: string, roomBytes = 0): () => void {
  const path = join(folder, BALLAST)
  const { bavail, bsize } = statfsSync(folder)
  const descriptor = openSync(path, 'w')
  try {
    for (let [size, left] = [BALLAST_CHUNK.length, bavail * bsize - roomBytes]; size > 0 && left > 0; ) {
      const written = writtenTo(descriptor, Math.min(size, left))
      left = roomBytes > 0 ? left - written : left
      if (written < size) size = Math.floor(size / 2)
    }
  } finally {
    closeSync(descriptor)
  }
  return () => rmSync(path, { force: true })
}

function writtenTo(descriptor: number, size: number): number {
  try {
    return writeSync(descriptor, BALLAST_CHUNK, 0, size)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return 0
    throw error
  }
}
