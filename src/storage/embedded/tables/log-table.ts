import type { StatementSync } from 'node:sqlite'
import { checkedRow, withChecksum, generation, integer, integersOfAnySize, only, text, withNumbers } from '../file/row.ts'
import type { GenesisIdentity } from './genesis-table.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

/** The only row of an order log's table `log`. */
export interface LogRow {
  readonly diskId: string
  /** The history that the log belongs to; undefined until the replica has met a catalogue or a leader. */
  readonly history: GenesisIdentity | undefined
  readonly sealedGeneration: number
  /** Number of entries. */
  readonly length: number
}

/** The table `log`. All calls run inside the file's guard. */
export class LogTable {
  readonly #get: StatementSync
  readonly #put: StatementSync

  constructor(file: SqliteFile) {
    this.#get = integersOfAnySize(file.prepare('SELECT * FROM log'))
    this.#put = file.prepare('INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?, ?, ?, ?)')
  }

  read(): LogRow {
    const row = checkedRow('log', withNumbers(only(this.#get.get(), 'the row of table log')))
    const isBlank = row['cluster_id'] === null
    return {
      diskId: text(row, 'disk_id'),
      history: isBlank ? undefined : { clusterId: text(row, 'cluster_id'), genesisDigest: text(row, 'genesis_digest') },
      sealedGeneration: generation(row, 'sealed_generation'),
      length: integer(row, 'length'),
    }
  }

  write({ diskId, history, sealedGeneration, length }: LogRow): void {
    const values = [1, diskId, history?.clusterId ?? null, history?.genesisDigest ?? null, sealedGeneration, length]
    this.#put.run(...withChecksum('log', values))
  }
}
