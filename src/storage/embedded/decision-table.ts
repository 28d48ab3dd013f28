import type { StatementSync } from 'node:sqlite'
import type { RecordedDecision, RejectionReason } from '../../domain/order.ts'
import type { RecordedRejection } from '../ledger.ts'
import { assert } from '../../runtime/assert.ts'
import { Damage } from './damage.ts'
import type { EntryTable } from './entry-table.ts'
import { integer, text, type Row } from './row.ts'
import type { SqliteFile } from './sqlite-file.ts'

const REASONS: Readonly<Record<RejectionReason, true>> = {
  'stock-not-found': true,
  'invalid-type': true,
  'invalid-quantity': true,
  'not-enough': true,
  'level-limit': true,
}

/** What was decided under each key, in `entries` or in `rejections`. All calls run inside the file's guard. */
export class DecisionTable {
  readonly #entries: EntryTable
  readonly #start: string
  readonly #byKey: StatementSync
  readonly #insert: StatementSync
  readonly #prune: StatementSync

  /** `start` is the genesis' digest. */
  constructor(file: SqliteFile, entries: EntryTable, start: string) {
    this.#entries = entries
    this.#start = start
    this.#byKey = file.prepare(
      `SELECT number, NULL AS fingerprint, NULL AS reason, NULL AS position FROM entries WHERE key = ?1
       UNION ALL SELECT NULL, fingerprint, reason, position FROM rejections WHERE key = ?1`,
    )
    this.#insert = file.prepare('INSERT INTO rejections VALUES (?, ?, ?, ?, ?)')
    this.#prune = file.prepare('DELETE FROM rejections WHERE time_ms < ?')
  }

  recorded(key: string): RecordedDecision | undefined {
    const row = this.#byKey.get(key)
    if (!row) return undefined
    return row['reason'] === null ? this.#accepted(key, integer(row, 'number')) : toRejection(row)
  }

  insert(rejections: readonly RecordedRejection[], timeMs: number): void {
    for (const { key, fingerprint, decision } of rejections) {
      assert(decision.kind === 'rejected', 'what is recorded as a rejection is one')
      assert(key.isWellFormed(), 'a key is well formed Unicode')
      this.#insert.run(key, fingerprint, decision.reason, decision.position, timeMs)
    }
  }

  /** Forgets rejections decided before `timeMs`; returns how many. */
  prune(timeMs: number): number {
    return Number(this.#prune.run(timeMs).changes)
  }

  #accepted(key: string, number: number): RecordedDecision {
    const [entry] = this.#entries.read(number, number + 1, this.#start)
    if (entry?.key !== key) throw new Damage(`the index of keys leads from ${key} to entry ${number}`)
    return { fingerprint: entry.fingerprint, decision: { kind: 'accepted', number } }
  }
}

function toRejection(row: Row): RecordedDecision {
  const reason = text(row, 'reason')
  if (!isReason(reason)) throw new Damage(`a rejection has the unknown reason ${reason}`)
  return {
    fingerprint: text(row, 'fingerprint'),
    decision: { kind: 'rejected', reason, position: integer(row, 'position') },
  }
}

function isReason(reason: string): reason is RejectionReason {
  return Object.hasOwn(REASONS, reason)
}
