import { DatabaseSync } from 'node:sqlite'
import { isReplica, type KnownReplica } from '../ledger.ts'
import { checkedRow, integersOfAnySize, withNumbers } from './file/row.ts'
import { toReplica } from './tables/replica-table.ts'

/** What a damaged ledger still tells. */

/** The replicas that it names. None when one cannot be read: that may be the one that holds the most. */
export function readReplicas(path: string): readonly KnownReplica[] {
  return reading(path, (database) =>
    integersOfAnySize(database.prepare('SELECT * FROM replicas'))
      .all()
      .map((row) => toReplica(checkedRow('replicas', withNumbers(row))))
      .filter(isReplica),
  ) ?? []
}

/** Whether there are entries in it, as far as can be known. */
export function mayHoldEntries(path: string): boolean {
  return reading(path, (database) => database.prepare('SELECT 1 FROM entries LIMIT 1').all().length > 0) ?? true
}

/** Undefined when it cannot be read. */
function reading<T>(path: string, read: (database: DatabaseSync) => T): T | undefined {
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      return read(database)
    } finally {
      database.close()
    }
  } catch {
    return undefined
  }
}
