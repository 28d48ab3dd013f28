import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { mergeByTime, readLogLines, type LogLine } from './log-lines.ts'
import { readRange, sizeOf } from './supervisor/log-file.ts'

/** What one look reads of one file at most. */
const CHUNK_BYTES = 1_000_000
/** More than any log file and its predecessor hold. */
const WHOLE_FILE_BYTES = 50_000_000

/** The logs of all processes of one data folder, read from the start and then as they grow. */
export class LogFollower {
  readonly #folder: string
  readonly #names: ReadonlySet<string> | undefined
  readonly #files = new Map<string, { offset: number; rest: string; timeMs: number }>()

  /** With `names`, only the logs of these processes. */
  constructor(folder: string, names?: readonly string[]) {
    this.#folder = folder
    this.#names = names && new Set(names)
  }

  /** Everything that was written so far, the predecessors of rotated files included. */
  readAll(): LogLine[] {
    const old = this.#paths('.log.1').map((path) => readLogLines(readRange(path, 0, sizeOf(path)), nameOf(path)))
    return mergeByTime([...old, ...this.#paths('.log').map((path) => this.#readNew(path, WHOLE_FILE_BYTES))])
  }

  /** What was added since the last look. */
  readAdded(): LogLine[] {
    return mergeByTime(this.#paths('.log').map((path) => this.#readNew(path, CHUNK_BYTES)))
  }

  #paths(ending: string): string[] {
    const files = readdirSync(this.#folder).filter((file) => file.endsWith(ending))
    return files.map((file) => join(this.#folder, file)).filter((path) => !this.#names || this.#names.has(nameOf(path)))
  }

  #readNew(path: string, bytesMax: number): LogLine[] {
    const size = sizeOf(path)
    const seen = this.#files.get(path) ?? { offset: 0, rest: '', timeMs: 0 }
    // A file that shrank was rotated: what stands in it now is all new.
    const { offset, rest } = seen.offset > size ? { offset: 0, rest: '' } : seen
    const to = Math.min(size, offset + bytesMax)
    const text = rest + readRange(path, offset, to)
    const complete = text.lastIndexOf('\n') + 1
    const lines = readLogLines(text.slice(0, complete), nameOf(path), seen.timeMs)
    this.#files.set(path, { offset: to, rest: text.slice(complete), timeMs: lines.at(-1)?.timeMs ?? seen.timeMs })
    return lines
  }
}

const nameOf = (path: string): string => basename(path).replace(/\.log(\.1)?$/, '')
