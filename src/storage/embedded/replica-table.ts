import type { StatementSync } from 'node:sqlite'
import type { KnownReplica } from '../ledger.ts'
import { integer, text } from './row.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** The table `replicas`. All calls run inside the file's guard. */
export class ReplicaTable {
  readonly #put: StatementSync
  readonly #all: StatementSync

  constructor(file: SqliteFile) {
    this.#put = file.prepare(
      `INSERT INTO replicas VALUES (?, ?)
       ON CONFLICT (replica_id) DO UPDATE SET address = excluded.address WHERE address <> excluded.address`,
    )
    this.#all = file.prepare('SELECT * FROM replicas ORDER BY replica_id')
  }

  put(replica: KnownReplica): void {
    this.#put.run(replica.replicaId, replica.address)
  }

  all(): readonly KnownReplica[] {
    return this.#all.all().map((row) => ({ address: text(row, 'address'), replicaId: integer(row, 'replica_id') }))
  }
}
