import type { StatementSync } from 'node:sqlite'
import { checkedRow, withChecksum, generation, integer, integersOfAnySize, only, text, withNumbers } from '../file/row.ts'
import type { GenesisIdentity } from './genesis-table.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

/** The only row of the ledger's table `cluster`. */
export interface ClusterRow extends GenesisIdentity {
  readonly generation: number
  readonly recoveredGeneration: number
  /** Number of entries. */
  readonly length: number
  readonly published: number
}

/** The table `cluster`. All calls run inside the file's guard. */
export class ClusterTable {
  readonly #get: StatementSync
  readonly #put: StatementSync

  constructor(file: SqliteFile) {
    this.#get = integersOfAnySize(file.prepare('SELECT * FROM cluster'))
    this.#put = file.prepare('INSERT OR REPLACE INTO cluster VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  }

  read(): ClusterRow {
    const row = checkedRow('cluster', withNumbers(only(this.#get.get(), 'the row of table cluster')))
    return {
      clusterId: text(row, 'cluster_id'),
      genesisDigest: text(row, 'genesis_digest'),
      generation: generation(row, 'generation'),
      recoveredGeneration: generation(row, 'recovered_generation'),
      length: integer(row, 'length'),
      published: integer(row, 'published'),
    }
  }

  write({ clusterId, genesisDigest, generation, recoveredGeneration, length, published }: ClusterRow): void {
    const values = [1, clusterId, genesisDigest, generation, recoveredGeneration, length, published]
    this.#put.run(...withChecksum('cluster', values))
  }
}
