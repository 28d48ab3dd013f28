import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { mergeByTime, readLogLines, type LogLine } from './log-lines.ts'
import { lookAt, readBytes } from './supervisor/log-file.ts'

/** One look reads at most so many bytes of a file. */
const CHUNK_BYTES = 1_000_000
/** The first look reads at most so many bytes of one process's logs, the newest files first. `up` keeps less than that. */
const FIRST_READ_BYTES = 100_000_000
/**
 * So many bytes before the place where reading goes on are remembered. They show whether the file is still the one that was
 * read.
 */
const GUARD_BYTES = 64
const LINE_END = 0x0a
const COMPRESSED = /\.(gz|bz2|xz|zst|lz4|zip)$/

/** A log in the folder: the current one of a process, or an earlier one that `up` or logrotate has put aside. */
interface Found {
  readonly path: string
  /** The process's name. */
  readonly name: string
  readonly isCurrent: boolean
  readonly identity: string
  readonly size: number
  readonly changedMs: number
}

/** The place up to which a file was read. */
interface Place {
  offset: number
  /** The bytes before `offset`. */
  guard: Buffer
  timeMs: number
}

/**
 * Reads the logs of all processes of one data folder, from the start and then as they grow. It knows a file by its identity,
 * not by its name: a process goes on writing to its file when the file is renamed. A file that was emptied or replaced is
 * read from its start.
 */
export class LogFollower {
  readonly #folder: string
  readonly #names: ReadonlySet<string> | undefined
  /** By identity. Copies are not followed, since nobody writes to them once they are made. */
  readonly #places = new Map<string, Place | 'not followed'>()

  /** With `names`, only the logs of these processes. */
  constructor(folder: string, names?: readonly string[]) {
    this.#folder = folder
    this.#names = names && new Set(names)
  }

  /** Returns everything that was written so far, rotated files included. */
  readAll(): LogLine[] {
    const left = new Map<string, number>()
    const newestFirst = this.#look().sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || b.changedMs - a.changedMs)
    const read = newestFirst.map((file) => {
      const bytes = Math.min(file.size, left.get(file.name) ?? FIRST_READ_BYTES)
      left.set(file.name, (left.get(file.name) ?? FIRST_READ_BYTES) - bytes)
      return this.#readFrom(file, { offset: file.size - bytes, guard: Buffer.alloc(0), timeMs: 0 }, bytes)
    })
    return mergeByTime(read.reverse())
  }

  /** Returns the lines that were added since the last look. */
  readAdded(): LogLine[] {
    const found = this.#look()
    return mergeByTime(found.flatMap((file) => [this.#readEndOfCopy(file, found), this.#readNew(file)]))
  }

  #look(): Found[] {
    return readFolder(this.#folder).flatMap((file) => {
      const [, name = '', ending] = /^(.+?)\.log([.-].+)?$/.exec(file) ?? []
      if (name === '' || COMPRESSED.test(file) || (this.#names && !this.#names.has(name))) return []
      const path = join(this.#folder, file)
      const seen = lookAt(path)
      return seen ? [{ ...seen, path, name, isCurrent: ending === undefined }] : []
    })
  }

  #readNew(file: Found): LogLine[] {
    const place = this.#places.get(file.identity) ?? (file.isCurrent ? atTheStart() : 'not followed')
    if (place !== 'not followed' && goesOn(file, place)) return this.#readFrom(file, place, CHUNK_BYTES)
    // An emptied file holds only new lines. A file that got copies of earlier lines holds no new ones.
    if (file.isCurrent) return this.#readFrom(file, atTheStart(), CHUNK_BYTES)
    this.#places.set(file.identity, 'not followed')
    return []
  }

  /** Returns the lines that were written after the last look and before a log was copied and emptied. Only the copy has them. */
  #readEndOfCopy(file: Found, all: readonly Found[]): LogLine[] {
    const place = this.#places.get(file.identity)
    if (!file.isCurrent || place === undefined || place === 'not followed' || goesOn(file, place)) return []
    const copy = all.find((other) => other.name === file.name && !other.isCurrent && place.offset > 0 && goesOn(other, place))
    return copy ? linesFrom(copy, place, copy.size - place.offset).lines : []
  }

  #readFrom(file: Found, place: Place, bytesMax: number): LogLine[] {
    const { lines, next } = linesFrom(file, place, bytesMax)
    this.#places.set(file.identity, next)
    return lines
  }
}

const atTheStart = (): Place => ({ offset: 0, guard: Buffer.alloc(0), timeMs: 0 })

/** Says whether the bytes before the place are still those that were read there. */
function goesOn({ path, size }: Found, { offset, guard }: Place): boolean {
  return size >= offset && readBytes(path, offset - guard.length, offset).equals(guard)
}

/** Returns the whole lines from the place on, and the place where reading goes on. */
function linesFrom(file: Found, { offset, guard, timeMs }: Place, bytesMax: number): { lines: LogLine[]; next: Place } {
  const bytes = readBytes(file.path, offset, Math.min(file.size, offset + bytesMax))
  // A line that is longer than one chunk comes in pieces.
  const length = bytes.length === CHUNK_BYTES && !bytes.includes(LINE_END) ? bytes.length : bytes.lastIndexOf(LINE_END) + 1
  const read = bytes.subarray(0, length)
  const lines = readLogLines(read.toString('utf8'), file.name, timeMs)
  const last = Buffer.from(Buffer.concat([guard, read]).subarray(-GUARD_BYTES))
  return { lines, next: { offset: offset + length, guard: last, timeMs: lines.at(-1)?.timeMs ?? timeMs } }
}

/** Returns the names in a folder; none while the folder is not there. */
function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
