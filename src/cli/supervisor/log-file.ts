import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { wordsOf } from '../failure.ts'
import { lastWords, readLogLines } from '../log-lines.ts'

/** A log file and its one predecessor hold at most twice this, plus what is written between two checks. */
const ROTATE_AT_BYTES = 20_000_000
const LAST_WORDS_BYTES = 65_536

/** The log file of one process. The process writes to it directly, so nothing is lost when the supervisor ends. */
export class LogFile {
  readonly path: string
  readonly name: string
  /** Where the output of the present run begins. */
  #runStartsAt = 0

  constructor(path: string, name: string) {
    this.path = path
    this.name = name
  }

  /** Opens the file for the output of a new run; the caller closes the descriptor once it is passed on. */
  openForRun(): number {
    mkdirSync(dirname(this.path), { recursive: true }) // Somebody may have removed it.
    this.rotateWhenLarge()
    const descriptor = openSync(this.path, 'a')
    this.#runStartsAt = fstatSync(descriptor).size
    return descriptor
  }

  /**
   * Moves the content to `<path>.1`. Writers go on at the start of the same file, as they append. Returns why that cannot
   * be done: the file then grows, which is better than to end what it tells of.
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
    const descriptor = openSync(this.path, 'r+') // Fails before anything is copied when it cannot be cut.
    try {
      copyAside(this.path)
      ftruncateSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    this.#runStartsAt = 0
  }

  /** What the present run said last, or ''. */
  lastWords(): string {
    try {
      const size = sizeOf(this.path)
      const text = readRange(this.path, Math.max(this.#runStartsAt, size - LAST_WORDS_BYTES), size)
      return lastWords(readLogLines(text, this.name))
    } catch {
      return '' // Somebody took away the right to read it, or the folder.
    }
  }
}

function copyAside(path: string): void {
  try {
    copyFileSync(path, `${path}.1`)
  } catch {
    // Without room for the copy, room is what matters most.
  }
}

export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** The bytes from `from` up to `to` as text; less when the file is shorter by now. */
export function readRange(path: string, from: number, to: number): string {
  if (to <= from) return ''
  const buffer = Buffer.alloc(to - from)
  const descriptor = openSync(path, 'r')
  try {
    const length = readSync(descriptor, buffer, 0, buffer.length, from)
    return buffer.toString('utf8', 0, length)
  } finally {
    closeSync(descriptor)
  }
}
