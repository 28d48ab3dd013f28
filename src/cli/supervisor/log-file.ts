import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { wordsOf } from '../failure.ts'
import { lastWords, readLogLines } from '../log-lines.ts'
import { requireNoPipe } from './no-pipe.ts'

/** A log file and its one predecessor hold at most twice this, plus what is written between two checks. */
const ROTATE_AT_BYTES = 20_000_000
const LAST_WORDS_BYTES = 65_536

/** The log file of one process. The process writes to it directly, so nothing is lost when the supervisor ends. */
export class LogFile {
  readonly path: string
  readonly name: string
  /** The offset at which the output of the present run begins. */
  #runStartsAt = 0

  constructor(path: string, name: string) {
    this.path = path
    this.name = name
  }

  /** Opens the file for the output of a new run. The caller closes the descriptor once it is passed on. */
  openForRun(): number {
    mkdirSync(dirname(this.path), { recursive: true }) // Somebody may have removed the folder.
    this.rotateWhenLarge()
    requireNoPipe(this.path)
    const descriptor = openSync(this.path, 'a')
    this.#runStartsAt = fstatSync(descriptor).size
    return descriptor
  }

  /**
   * Moves the content of a large file to `<path>.1`. Writers append, so they go on at the start of the same file. Returns why
   * that cannot be done, or undefined. The file then grows, which is better than to end the process that writes to it.
   */
  rotateWhenLarge(): string | undefined {
    try {
      if (sizeOf(this.path) >= ROTATE_AT_BYTES) this.#rotate()
      return undefined
    } catch (error) {
      return wordsOf(error)
    }
  }

  #rotate(): void {
    const descriptor = openSync(this.path, 'r+') // When the file cannot be cut, this fails before anything is copied.
    try {
      copyAside(this.path)
      ftruncateSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    this.#runStartsAt = 0
  }

  /** Returns the last words of the present run, or ''. */
  lastWords(): string {
    try {
      requireNoPipe(this.path)
      const size = sizeOf(this.path)
      const said = readBytes(this.path, Math.max(this.#runStartsAt, size - LAST_WORDS_BYTES), size)
      return lastWords(readLogLines(said.toString('utf8'), this.name))
    } catch {
      return '' // Somebody took away the right to read it, or the folder.
    }
  }
}

function copyAside(path: string): void {
  try {
    requireNoPipe(`${path}.1`)
    copyFileSync(path, `${path}.1`)
  } catch {
    // When there is no room for the copy, room matters more than the copy.
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/**
 * Returns a file's identity, which does not depend on its name, its size, and when it was changed. Returns undefined when no
 * file can be seen there.
 */
export function lookAt(path: string): { identity: string; size: number; changedMs: number } | undefined {
  try {
    const seen = statSync(path, { bigint: true })
    return seen.isFile() ? { identity: `${seen.dev}:${seen.ino}`, size: Number(seen.size), changedMs: Number(seen.mtimeMs) } : undefined
  } catch {
    return undefined
  }
}

/** Returns the bytes from `from` up to `to`: fewer when the file is shorter by now, none when it is gone. */
export function readBytes(path: string, from: number, to: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, to - from))
  const descriptor = openToRead(path)
  if (descriptor === undefined) return buffer.subarray(0, 0)
  try {
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, from))
  } finally {
    closeSync(descriptor)
  }
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
