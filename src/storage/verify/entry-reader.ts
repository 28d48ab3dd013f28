import type { StatementSync } from 'node:sqlite'
import type { Entry } from '../../domain/order.ts'
import type { LogCheck } from './log-check.ts'
import { asFinding } from './attempt.ts'
import { toEntry } from '../embedded/tables/entry-table.ts'
import { digest, integer, type Row } from '../embedded/file/row.ts'
import type { SqliteFile } from '../embedded/file/sqlite-file.ts'

const ROWS_PER_PAGE = 1_000

/** Reads the table `entries` of a file that may be damaged, and goes on behind what cannot be read. */
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
      const rows = this.#rowsFrom(from)
      const end = rows ? feedRows(log, rows) : this.#feedSingly(log, from, Math.min(from + ROWS_PER_PAGE, length))
      done = rows ? rows.length < ROWS_PER_PAGE : end >= length
      onPage(rows ? rows.length : end - from)
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

  /** Undefined when they cannot be read together. */
  #rowsFrom(number: number): readonly Row[] | undefined {
    try {
      return this.#page.all(number, ROWS_PER_PAGE)
    } catch (error) {
      asFinding(error)
      return undefined
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

/** Returns the number behind the last row. */
function feedRows(log: LogCheck, rows: readonly Row[]): number {
  for (const row of rows) take(log, row)
  const last = rows.at(-1)
  return last ? integer(last, 'number') + 1 : 0
}

function take(log: LogCheck, row: Row): void {
  const number = integer(row, 'number')
  try {
    log.take(toEntry(row), digest(row, 'digest'))
  } catch (error) {
    log.skip(number, asFinding(error))
  }
}
