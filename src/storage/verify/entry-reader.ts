import type { StatementSync } from 'node:sqlite'
import type { Entry } from '../../domain/order.ts'
import type { LogCheck } from './log-check.ts'
import { asFinding } from './attempt.ts'
import { toEntry } from '../embedded/tables/entry-table.ts'
import { digest, integer, type Row } from '../embedded/file/row.ts'
import type { SqliteFile } from '../embedded/file/sqlite-file.ts'

/** One query of the table goes through so many rows. They are read one by one, since a row may hold megabytes. */
const ROWS_PER_PAGE = 1_000

/** The part of the table that one query has gone through. */
interface Page {
  readonly rows: number
  /** The number after the last row. */
  readonly end: number
  /** True when all rows could be read. */
  readonly isWhole: boolean
}

/**
 * Reads the table `entries` of a file that may be damaged, and continues after rows that cannot be read. Holds one row at a
 * time.
 */
export class EntryReader {
  readonly #page: StatementSync
  readonly #one: StatementSync

  constructor(file: SqliteFile) {
    this.#page = file.prepare('SELECT * FROM entries WHERE number >= ? ORDER BY number LIMIT ?')
    this.#one = file.prepare('SELECT * FROM entries WHERE number = ?')
  }

  /**
   * Hands all entries to `log`. `length` is the number of entries that the file's head tells. Calls `onPage` with the number
   * of entries since its last call.
   */
  feed(log: LogCheck, length: number, onPage: (entries: number) => void): void {
    for (let from = 0, done = false; !done; ) {
      const { rows, end: readable, isWhole } = this.#feedTogether(log, from)
      const end = isWhole ? readable : this.#feedSingly(log, readable, Math.min(from + ROWS_PER_PAGE, length))
      done = isWhole ? rows < ROWS_PER_PAGE : end >= length
      onPage(isWhole ? rows : Math.max(0, end - from))
      from = Math.max(end, from + 1) // The loop ends even if the rows of a damaged table come in a wrong order.
    }
    log.end(length)
  }

  /** Returns the entry of that number, or undefined when there is none. */
  entry(number: number): Entry | undefined {
    const row = this.#one.get(number)
    return row && toEntry(row)
  }

  /** Returns the digest that is stored beside an entry. */
  digest(number: number): string | undefined {
    const row = this.#one.get(number)
    return row && digest(row, 'digest')
  }

  /** Hands the entries of one page to `log`. Ends at the first row that cannot be read. */
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

/** Hands one row to `log`. Returns the number of the row. */
function take(log: LogCheck, row: Row): number {
  const number = integer(row, 'number')
  try {
    log.take(toEntry(row), digest(row, 'digest'))
  } catch (error) {
    log.skip(number, asFinding(error))
  }
  return number
}
