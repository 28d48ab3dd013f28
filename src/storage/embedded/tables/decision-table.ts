import type { StatementSync } from 'node:sqlite'
import { REJECTION_REASONS, type RecordedDecision, type RejectionReason } from '../../../domain/order.ts'
import type { RecordedRejection } from '../../ledger.ts'
import { assert } from '../../../runtime/assert.ts'
import { checkedRow, withChecksum, integer, text, type Row } from '../file/row.ts'
import { Damage } from '../file/damage.ts'
import { CHECKED_AT_OPEN, type EntryTable } from './entry-table.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

const LOST_ENTRY_KEY = `
  SELECT number FROM entries AS kept WHERE number >= ? AND NOT EXISTS (
    SELECT 1 FROM entries AS found INDEXED BY entries_by_key WHERE found.key = kept.key AND found.number = kept.number
  ) LIMIT 1`
const LOST_REJECTION_KEY = `
  SELECT key FROM (SELECT rowid AS id, key FROM rejections ORDER BY rowid DESC LIMIT ?) AS kept WHERE NOT EXISTS (
    SELECT 1 FROM rejections AS found INDEXED BY sqlite_autoindex_rejections_1
    WHERE found.key = kept.key AND found.rowid = kept.id
  ) LIMIT 1`

/** The decision under each key. It is read from `entries` or from `rejections`. All calls run inside the file's guard. */
export class DecisionTable {
  readonly #file: SqliteFile
  readonly #entries: EntryTable
  readonly #start: string
  readonly #byKey: StatementSync
  readonly #insert: StatementSync
  readonly #newest: StatementSync
  readonly #prune: StatementSync

  /** `start` is the genesis' digest. */
  constructor(file: SqliteFile, entries: EntryTable, start: string) {
    this.#file = file
    this.#entries = entries
    this.#start = start
    this.#byKey = file.prepare(
      `SELECT number AS key, NULL AS fingerprint, NULL AS reason, NULL AS position, NULL AS time_ms, NULL AS checksum
       FROM entries WHERE key = ?1 UNION ALL SELECT * FROM rejections WHERE key = ?1`,
    )
    this.#insert = file.prepare('INSERT INTO rejections VALUES (?, ?, ?, ?, ?, ?)')
    this.#newest = file.prepare('SELECT time_ms FROM rejections ORDER BY time_ms DESC LIMIT 1')
    this.#prune = file.prepare('DELETE FROM rejections WHERE time_ms < ?')
  }

  /**
   * Throws a {@link Damage} when one of the newest keys does not lead to its outcome. The same request would otherwise get
   * another outcome when it is repeated.
   */
  check(length: number): void {
    const [entry] = this.#file.prepare(LOST_ENTRY_KEY).all(length - CHECKED_AT_OPEN)
    if (entry) throw new Damage(`the key of entry ${integer(entry, 'number')} is missing in its index`)
    const [rejection] = this.#file.prepare(LOST_REJECTION_KEY).all(CHECKED_AT_OPEN)
    if (rejection) throw new Damage(`the key ${text(rejection, 'key')} is missing in the index of rejections`)
  }

  recorded(key: string): RecordedDecision | undefined {
    const row = this.#byKey.get(key)
    if (!row) return undefined
    return row['checksum'] === null ? this.#accepted(key, integer(row, 'key')) : toRejection(row).recorded
  }

  insert(rejections: readonly RecordedRejection[], timeMs: number): void {
    for (const { key, fingerprint, decision } of rejections) {
      assert(decision.kind === 'rejected', 'what is recorded as a rejection is one')
      assert(key.isWellFormed(), 'a key is well formed Unicode')
      const values = [key, fingerprint, decision.reason, decision.position, timeMs]
      this.#insert.run(...withChecksum('rejections', values))
    }
  }

  /** Returns the latest time of a rejection, or undefined when there is none. */
  newestMs(): number | undefined {
    const row = this.#newest.get()
    return row && integer(row, 'time_ms')
  }

  /** Forgets rejections with a time before `timeMs`. Returns how many they were. */
  prune(timeMs: number): number {
    return Number(this.#prune.run(timeMs).changes)
  }

  #accepted(key: string, number: number): RecordedDecision {
    const [entry] = this.#entries.read(number, number + 1, this.#start)
    if (entry?.key !== key) throw new Damage(`the index of keys leads from ${key} to entry ${number}`)
    return { fingerprint: entry.fingerprint, decision: { kind: 'accepted', number } }
  }
}

/** A refusal as the table `rejections` stores it. */
export interface StoredRejection {
  readonly key: string
  readonly recorded: RecordedDecision
  /** Number of entries when the refusal was decided. */
  readonly position: number
}

/** Reads a refusal from a row. Throws a {@link Damage} when the row holds none. */
export function toRejection(row: Row): StoredRejection {
  checkedRow('rejections', row)
  const reason = text(row, 'reason')
  if (!isReason(reason)) throw new Damage(`a rejection has the unknown reason ${reason}`)
  const position = integer(row, 'position')
  const decision = { kind: 'rejected', reason, position } as const
  return { key: text(row, 'key'), recorded: { fingerprint: text(row, 'fingerprint'), decision }, position }
}

const isReason = (reason: string): reason is RejectionReason => REJECTION_REASONS.some((known) => known === reason)
