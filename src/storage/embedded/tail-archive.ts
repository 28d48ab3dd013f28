import { FileInMaking } from './file/making.ts'
import { nextNumbered } from './file/replacing.ts'
import { ORDER_LOG_SCHEMA } from './tables/schemas.ts'
import type { SqliteFile } from './file/sqlite-file.ts'

/**
 * Copies an order log without its first `length` entries, table for table, to `<log without .db>.cut-<number>.db` beside it.
 * Syncs the copy, and returns its path. Call it inside the log's guard, outside a transaction.
 */
export function archiveTail(log: SqliteFile, length: number): string {
  const archive = nextNumbered(`${log.path.replace(/\.db$/, '')}.cut`, '.db')
  const made = new FileInMaking(archive, ORDER_LOG_SCHEMA)
  try {
    made.file.guard(() => {
      copyRows(log, made.file, 'log', 'only', 0)
      copyRows(log, made.file, 'genesis', 'position', 0)
      copyRows(log, made.file, 'entries', 'number', length)
    })
    made.finish(archive)
    return archive
  } finally {
    made.discard()
  }
}

/** Copies the rows whose `key` is at least `first`. */
function copyRows(from: SqliteFile, to: SqliteFile, table: string, key: string, first: number): void {
  const rows = from.prepare(`SELECT * FROM ${table} WHERE ${key} >= ? ORDER BY ${key}`).iterate(first)
  for (const row of rows) {
    const values = Object.values(row)
    to.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join()})`).run(...values)
  }
}
