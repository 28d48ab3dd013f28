import type { StatementSync } from 'node:sqlite'
import type { KnownReplica } from '../../ledger.ts'
import { checkedRow, withChecksum, integersOfAnySize, text, withNumbers, type Row } from '../file/row.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

/** The table `replicas`. All calls run inside the file's guard. */
export class ReplicaTable {
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #all: StatementSync

  constructor(file: SqliteFile) {
    this.#put = file.prepare(
      `INSERT INTO replicas VALUES (?, ?, ?)
       ON CONFLICT (replica_id) DO UPDATE SET address = excluded.address, checksum = excluded.checksum
       WHERE address <> excluded.address`,
    )
    this.#delete = file.prepare('DELETE FROM replicas WHERE replica_id = ? AND address = ?')
    this.#all = integersOfAnySize(file.prepare('SELECT * FROM replicas ORDER BY replica_id'))
  }

  put(replica: KnownReplica): void {
    this.#put.run(...withChecksum('replicas', [replica.replicaId, replica.address]))
  }

  delete({ replicaId, address }: KnownReplica): void {
    this.#delete.run(replicaId, address)
  }

  all(): readonly KnownReplica[] {
    return this.#all.all().map((row) => toReplica(checkedRow('replicas', withNumbers(row))))
  }
}

/** Reads a replica from a row. An earlier version stored whatever it was told, so the caller checks it with `isReplica`. */
export function toReplica(row: Row): KnownReplica {
  return { address: text(row, 'address'), replicaId: Number(row['replica_id']) }
}
