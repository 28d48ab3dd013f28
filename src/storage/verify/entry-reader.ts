import type { StatementSync } from 'node:sqlite'
import type { Entry } from '../../domain/order.ts'
import type { LogCheck } from './log-check.ts'
import { asFinding } from './attempt.ts'
import { toEntry } from '../embedded/tables/entry-table.ts'
import { digest, integer, type Row } from '../embedded/file/row.ts'
import type { SqliteFile } from '../embedded/file/sqlite-file.ts'

/** Rows that one look at the table goes through. They are read one by one: a row may hold megabytes. */
const ROWS_PER_PAGE = 1_000

/** What one look has come by. */
interface Page {
  readonly rows: number
  /** The number behind the last row. */
  readonly end: number
  /** Whether all rows could be read. */
  readonly isWhole: boolean
}

/**
 * Reads the table `entries` of a file that may be damaged, and goes on behind what cannot be read. Holds one row at a time.
 */
export class EntryReader {
  readonly #page: StatementSync
  readonly #one: StatementSync

  constructor(file: SqliteFile) {
    this.#page = file.prepare('SELECT * FROM entries WHERE number >= ? ORDER BY number LIMIT ?')
    this.#one = file.prepare('SELECT * FROM entries WHERE number = ?')
  }

  /**
   * Hands all entries to `log`; `length` is how many there are said to be. Tells how many it has come by since it told
   * last.
   */
  feed(log: LogCheck, length: number, onPage: (entries: number) => void): void {
    for (let from = 0, done = false; !done; ) {
      const { rows, end: readable, isWhole } = this.#feedTogether(log, from)
      const end = isWhole ? readable : this.#feedSingly(log, readable, Math.min(from + ROWS_PER_PAGE, length))
      done = isWhole ? rows < ROWS_PER_PAGE : end >= length
      onPage(isWhole ? rows : Math.max(0, end - from))
      from = Math.max(end, from + 1) // Rows of a damaged table may come in any order, but not for ever.
    }
    log.end(length)
  }

  /** Undefined when there is none of that number. */
  entry(number: number): Entry | undefined {
    const row = this.#one.get(number)
    return row && toEntry(row)
  }

  /** The digest that is stored beside an entry. */
  digest(number: number): string | undefined {
    const row = this.#one.get(number)
    return row && digest(row, 'digest')
  }

  /** Ends at the first row that cannot be read. */
  #feedTogether(log: LogCheck, from: number): Page {
    let [rows, end] = [0, from]
    try {
      for (const row of this.#page.iterate(from, ROWS_PER_PAGE)) {
        end = take(log, row) + 1
        rows += 1
      }
      return { rows, end, isWhole: true }
    } catch (error) {
      asFinding(error)
      return { rows, end, isWhole: false }
    }
  }

  #feedSingly(log: LogCheck, from: number, end: number): number {
    for (let number = from; number < end; number += 1) {
      try {
        const row = this.#one.get(number)
        if (row) take(log, row)
      } catch (error) {
        log.skip(number, asFinding(error))
      }
    }
    return end
  }
}

/** Returns the number of the row. */
function take(log: LogCheck, row: Row): number {
  const number = integer(row, 'number')
  try {
    log.take(toEntry(row), digest(row, 'digest'))
  } catch (error) {
    log.skip(number, asFinding(error))
  }
  return number
}
