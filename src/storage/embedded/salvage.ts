import { DatabaseSync } from 'node:sqlite'
import { isReplica, type KnownReplica } from '../ledger.ts'
import { checkedRow, integersOfAnySize, withNumbers } from './file/row.ts'
import { toReplica } from './tables/replica-table.ts'

/**
 * Returns the replicas that the ledger names. Returns none when one of them cannot be read, since that one may hold the most
 * entries.
 */
export function readReplicas(path: string): readonly KnownReplica[] {
  return (
    reading(path, (database) =>
      integersOfAnySize(database.prepare('SELECT * FROM replicas'))
        .all()
        .map((row) => toReplica(checkedRow('replicas', withNumbers(row))))
        .filter(isReplica),
    ) ?? []
  )
}

/** Says whether the ledger may hold entries. Returns true as well when that cannot be known. */
export function mayHoldEntries(path: string): boolean {
  return reading(path, (database) => database.prepare('SELECT 1 FROM entries LIMIT 1').all().length > 0) ?? true
}

/** Returns the result of `read`, or undefined when the file cannot be read. */
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
