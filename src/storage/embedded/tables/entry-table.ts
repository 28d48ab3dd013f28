import type { StatementSync } from 'node:sqlite'
import { LIMITS } from '../../../domain/limits.ts'
import { ENTRY_BYTES_BESIDES, isTradeType, type Entry, type TradeType } from '../../../domain/order.ts'
import { chainDigest } from '../../chain.ts'
import { Damage } from '../file/damage.ts'
import { digest, integer, only, text, type Row } from '../file/row.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

/**
 * So many of the newest records are checked when a file is opened. The file is opened twice (see opening.ts), and both checks
 * take some 70 ms.
 */
export const CHECKED_AT_OPEN = 10_000
/** So many records are checked at a time. With more, the heap stays larger afterwards. */
const CHECKED_TOGETHER = 1_000

/**
 * Number, generation, key, fingerprint, name, type, quantity, time in milliseconds, digest. A damaged file may hold other
 * values.
 */
type EntryRow = [number, number, string, string, string, TradeType, number, number, string]

/** The number of bytes of an entry's texts. SQLite tells it without reading the texts. */
const BYTES = 'octet_length(key) + octet_length(fingerprint) + octet_length(name)'

/** The part of the table that belongs to the log, and the digest of the log's genesis. */
export interface LogExtent {
  readonly length: number
  readonly start: string
}

/** The end of a log. */
export interface LogEnd {
  readonly digest: string
  /** Generation of the last entry, 0 while there is none. */
  readonly lastGeneration: number
}

/**
 * The table `entries`. The files of the ledger and of the order log both have it. All that is read is checked against the
 * digest chain, so a changed, missing or misplaced record is noticed before anybody sees it. All calls run inside the file's
 * guard.
 */
export class EntryTable {
  readonly #insert: StatementSync
  readonly #together: StatementSync
  readonly #range: StatementSync
  readonly #bytes: StatementSync
  readonly #bytesOfEach: StatementSync
  readonly #digest: StatementSync
  readonly #last: StatementSync
  readonly #deleteFrom: StatementSync

  constructor(file: SqliteFile) {
    // Each call inserts one row. A statement with many rows of parameters takes half as long again.
    // SQLite makes bytes of a digest, and the other way round, in less time than making a buffer for each takes.
    this.#insert = file.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, unhex(?))')
    // This reads rows as arrays. All entries as one row of JSON take a fifth longer.
    this.#together = file.prepare(
      `SELECT number, generation, key, fingerprint, name, type, quantity, time_ms, lower(hex(digest))
       FROM entries WHERE number BETWEEN ? AND ? ORDER BY number`,
    )
    this.#together.setReturnArrays(true)
    this.#range = file.prepare('SELECT * FROM entries WHERE number BETWEEN ? AND ? ORDER BY number')
    this.#bytes = file.prepare(`SELECT sum(${BYTES}) AS bytes FROM entries WHERE number BETWEEN ? AND ?`)
    this.#bytesOfEach = file.prepare(`SELECT number, ${BYTES} AS bytes FROM entries WHERE number BETWEEN ? AND ? ORDER BY number`)
    this.#digest = file.prepare('SELECT digest FROM entries WHERE number = ?')
    this.#last = file.prepare('SELECT max(number) AS last FROM entries')
    this.#deleteFrom = file.prepare('DELETE FROM entries WHERE number >= ?')
  }

  /** Writes entries, with the digest after each. */
  insert(entries: readonly Entry[], digests: readonly string[]): void {
    for (const [index, entry] of entries.entries()) {
      this.#insert.run(
        entry.number,
        entry.generation,
        entry.key,
        entry.fingerprint,
        entry.name,
        entry.type,
        entry.quantity,
        entry.timeMs,
        digests[index]!,
      )
    }
  }

  /** Returns one page of entries, as `ReadableLog.entries` promises it. */
  page({ length, start }: LogExtent, from: number, limit: number): readonly Entry[] {
    const first = Math.max(0, from)
    return this.read(first, Math.min(length, first + limit), start)
  }

  /** Returns the digest of the log's first `length` entries, or undefined when the log has fewer. */
  digestWithin(log: LogExtent, length: number): string | undefined {
    return length < 0 || length > log.length ? undefined : this.digestAt(length, log.start)
  }

  /**
   * Returns entries from `first` up to, not including, `end`, or as many of them as fit on a page. All have to be in the
   * table. `start` is the genesis' digest.
   */
  read(first: number, end: number, start: string): readonly Entry[] {
    if (end <= first) return []
    const pageEnd = this.#pageEnd(first, end)
    return this.#readTogether(first, pageEnd, start) ?? this.#readSingly(first, pageEnd, start)
  }

  /** Returns the number after the last entry that fits on a page. Nearly always all fit, and then one query is enough. */
  #pageEnd(first: number, end: number): number {
    if (end - first === 1) return end
    const room = LIMITS.pageBytesMax - (end - first) * ENTRY_BYTES_BESIDES
    if (Number(this.#bytes.get(first, end - 1)?.['bytes'] ?? 0) <= room) return end
    let bytes = 0
    for (const row of this.#bytesOfEach.iterate(first, end - 1)) {
      bytes += Number(row['bytes']) + ENTRY_BYTES_BESIDES
      if (bytes > LIMITS.pageBytesMax && integer(row, 'number') > first) return integer(row, 'number')
    }
    return end
  }

  /** Reads the entries with one query. Returns undefined when the digest chain does not prove them. */
  #readTogether(first: number, end: number, start: string): readonly Entry[] | undefined {
    const rows = this.#together.all(first - 1, end - 1) as unknown as EntryRow[]
    let previous = first === 0 ? start : String(rows.shift()?.[8])
    if (rows.length !== end - first) return undefined
    const entries: Entry[] = []
    for (const [number, generation, key, fingerprint, name, type, quantity, timeMs, digest] of rows) {
      const entry = { number, generation, key, fingerprint, name, type, quantity, timeMs }
      if (number !== first + entries.length || chainDigest(previous, entry) !== digest) return undefined
      previous = digest
      entries.push(entry)
    }
    return entries
  }

  #readSingly(first: number, end: number, start: string): readonly Entry[] {
    const rows = this.#range.all(first - 1, end - 1)
    let expected = Math.max(0, first - 1)
    const take = (row: Row | undefined): Row => {
      if (!row || integer(row, 'number') !== expected) throw new Damage(`entry ${expected} is missing`)
      expected += 1
      return row
    }
    let previous = first === 0 ? start : digest(take(rows.shift()), 'digest')
    const entries: Entry[] = []
    while (expected < end) {
      const row = take(rows[entries.length])
      const entry = toEntry(row)
      previous = checked(previous, entry, row)
      entries.push(entry)
    }
    return entries
  }

  /** Returns the digest of the first `length` entries, which have to be there. `start` is the genesis' digest. */
  digestAt(length: number, start: string): string {
    if (length === 0) return start
    return digest(only(this.#digest.get(length - 1), `entry ${length - 1}`), 'digest')
  }

  /** Returns the end of the first `length` entries, which have to be there. `start` is the genesis' digest. */
  endAt(length: number, start: string): LogEnd {
    const [last] = this.read(Math.max(0, length - 1), length, start)
    return { digest: this.digestAt(length, start), lastGeneration: last?.generation ?? 0 }
  }

  /** Removes the entries from number `length` on. */
  deleteFrom(length: number): void {
    this.#deleteFrom.run(length)
  }

  /** Checks the first entry and the newest ones of a log that is said to have this length. Returns its end. */
  check(length: number, start: string): LogEnd {
    const newest = only(this.#last.get(), 'the table of entries')
    const found = newest['last'] === null ? 0 : integer(newest, 'last') + 1
    if (found !== length) throw new Damage(`it holds entries up to length ${found}, and says that there are ${length}`)
    this.read(0, Math.min(1, length), start)
    for (let from = Math.max(0, length - CHECKED_AT_OPEN); from < length; ) {
      from += this.read(from, Math.min(length, from + CHECKED_TOGETHER), start).length
    }
    return this.endAt(length, start)
  }
}

/** Reads an entry from a row. Throws a {@link Damage} when the row holds none. */
export function toEntry(row: Row): Entry {
  const type = text(row, 'type')
  const number = integer(row, 'number')
  if (!isTradeType(type)) throw new Damage(`entry ${number} has the unknown type ${type}`)
  return {
    number,
    generation: integer(row, 'generation'),
    key: text(row, 'key'),
    fingerprint: text(row, 'fingerprint'),
    name: text(row, 'name'),
    type,
    quantity: integer(row, 'quantity'),
    timeMs: integer(row, 'time_ms'),
  }
}

function checked(previous: string, entry: Entry, row: Row): string {
  const stored = digest(row, 'digest')
  if (chainDigest(previous, entry) !== stored) throw new Damage(`entry ${entry.number} does not match its digest`)
  return stored
}
