import { appendFileSync, writeFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { CommandFailure, wordsOf } from '../failure.ts'

const ROWS_AT_ONCE = 1_000

/** One request of a client, repeats included. */
export interface TimelineRow {
  /** When it was sent first: ISO 8601, UTC. */
  readonly time: string
  readonly operation: string
  readonly tookMs: number
  /** "ok", "refused" or "unknown". */
  readonly outcome: string
  /** Stock that was looked up or traded; '' for a query. */
  readonly name: string
  /** Of an order: buy or sell, and how many shares. */
  readonly type: string
  readonly quantity: number | ''
  /** Number of the order, as far as it is known. */
  readonly number: number | ''
  /** Why it was refused, or got no answer. */
  readonly cause: string
}

const COLUMNS = ['time', 'operation', 'tookMs', 'outcome', 'name', 'type', 'quantity', 'number', 'cause'] as const

const FORMATS = {
  csv: {
    begin: `${COLUMNS.join(',')}\n`,
    row: (row: TimelineRow) => `${COLUMNS.map((column) => quoted(`${row[column]}`)).join(',')}\n`,
    between: '',
    end: '',
  },
  json: { begin: '[\n', row: (row: TimelineRow) => JSON.stringify(row), between: ',\n', end: '\n]\n' },
} as const

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Reads the name of a file whose ending says what is written to it. */
export function timelinePath(text: string): string {
  if (/\.(csv|json)$/i.test(text)) return text
  throw new InvalidArgumentError('It must end with .csv or .json.')
}

/** A file of everything that clients asked, in the order of the answers. */
export class TimelineFile {
  readonly #path: string
  readonly #format: (typeof FORMATS)[keyof typeof FORMATS]
  #waiting: string[] = []
  #rows = 0

  /** Replaces the file. @throws CommandFailure when it cannot be written. */
  constructor(path: string) {
    this.#path = path
    this.#format = /\.csv$/i.test(path) ? FORMATS.csv : FORMATS.json
    this.#write(() => writeFileSync(path, this.#format.begin))
  }

  /** Adds a row. @throws CommandFailure when the file cannot be written any more. */
  add(row: TimelineRow): void {
    this.#waiting.push(`${this.#rows === 0 ? '' : this.#format.between}${this.#format.row(row)}`)
    this.#rows += 1
    if (this.#waiting.length >= ROWS_AT_ONCE) this.#flush()
  }

  /** Writes what is left. @throws CommandFailure when that cannot be done. */
  end(): void {
    this.#waiting.push(this.#format.end)
    this.#flush()
  }

  #flush(): void {
    this.#write(() => appendFileSync(this.#path, this.#waiting.join('')))
    this.#waiting = []
  }

  #write(write: () => void): void {
    try {
      write()
    } catch (error) {
      throw new CommandFailure(`cannot write to ${this.#path}: ${wordsOf(error)}`)
    }
  }
}
