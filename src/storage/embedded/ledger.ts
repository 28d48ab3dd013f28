import type { Entry, OrderRequest, RecordedDecision } from '../../domain/order.ts'
import type { Stock } from '../../domain/stock.ts'
import {
  generationAbove,
  type Decide,
  type DecidedBatch,
  type DecisionWrites,
  type KnownReplica,
  type Ledger,
  type LedgerHead,
} from '../ledger.ts'
import { continueChain } from '../continuation.ts'
import { ClusterTable, type ClusterRow } from './tables/cluster-table.ts'
import { Damage } from './file/damage.ts'
import { DecisionTable } from './tables/decision-table.ts'
import { EntryTable, type LogExtent } from './tables/entry-table.ts'
import { readGenesis } from './tables/genesis-table.ts'
import { ReplicaTable } from './tables/replica-table.ts'
import type { SqliteFile } from './file/sqlite-file.ts'
import { StockTable } from './tables/stock-table.ts'

/**
 * The ledger in one SQLite file. The work of each call is done at once, on the calling thread. An `embeddedLedgerStore`
 * makes it.
 */
export class EmbeddedLedger implements Ledger {
  readonly #file: SqliteFile
  readonly #entries: EntryTable
  readonly #stocks: StockTable
  readonly #decisions: DecisionTable
  readonly #replicas: ReplicaTable
  readonly #cluster: ClusterTable
  /** The digest of the empty ledger. */
  readonly #start: string
  #head: LedgerHead
  #publishedOnDisk: number

  /** Checks the file. Call it inside `guard`. */
  constructor(file: SqliteFile) {
    this.#file = file
    this.#cluster = new ClusterTable(file)
    const { length, published, generation, recoveredGeneration, ...identity } = this.#cluster.read()
    const genesis = readGenesis(file, identity)
    this.#start = identity.genesisDigest
    this.#entries = new EntryTable(file)
    this.#stocks = new StockTable(file, genesis)
    this.#decisions = new DecisionTable(file, this.#entries, this.#start)
    this.#replicas = new ReplicaTable(file)
    this.#decisions.check(length)
    this.#publishedOnDisk = published
    if (published > length) throw new Damage(`it says that more than its ${length} entries are published`)
    this.#head = {
      genesis,
      generation,
      length,
      ...this.#entries.check(length, this.#start),
      recoveredGeneration,
      publishedAtLeast: published,
    }
  }

  head(): LedgerHead {
    return this.#head
  }

  async decide(rule: Decide, requests: readonly OrderRequest[], timeMs: number, rejectedAtMs = timeMs): Promise<DecidedBatch> {
    return this.#file.guard(() => {
      const batch = this.#file.transaction(() => {
        // L1, L2
        const writes = this.#judge(rule, requests, timeMs)
        const digests = continueChain(this.#head, writes.entries)
        this.#write(writes, digests, rejectedAtMs)
        return { ...writes, digest: digests.at(-1) ?? this.#head.digest }
      })
      const { outcomes, entries, digest } = batch
      const length = this.#head.length + entries.length
      this.#stocks.apply(batch.stocks)
      const lastGeneration = entries.at(-1)?.generation ?? this.#head.lastGeneration
      this.#head = { ...this.#head, length, digest, lastGeneration }
      this.#publishedOnDisk = this.#head.publishedAtLeast
      return { outcomes, entries, length, digest }
    })
  }

  async recorded(key: string): Promise<RecordedDecision | undefined> {
    return this.#file.guard(() => this.#decisions.recorded(key))
  }

  async stocks(): Promise<readonly Stock[]> {
    return this.#file.guard(() => this.#stocks.all())
  }

  async entries(from: number, limit: number): Promise<readonly Entry[]> {
    return this.#file.guard(() => this.#entries.page(this.#extent, from, limit))
  }

  async digestAt(length: number): Promise<string | undefined> {
    return this.#file.guard(() => this.#entries.digestWithin(this.#extent, length))
  }

  get #extent(): LogExtent {
    return { length: this.#head.length, start: this.#start }
  }

  notePublished(position: number): void {
    const noted = Math.min(position, this.#head.length)
    if (noted > this.#head.publishedAtLeast) this.#head = { ...this.#head, publishedAtLeast: noted }
  }

  async flushPublished(): Promise<void> {
    this.#file.guard(() => {
      const { publishedAtLeast } = this.#head
      if (publishedAtLeast === this.#publishedOnDisk) return
      this.#file.transaction(() => this.#cluster.write(this.#row()))
      this.#publishedOnDisk = publishedAtLeast
    })
  }

  async raiseGeneration(floor: number): Promise<number> {
    return this.#file.guard(() => {
      const generation = generationAbove(this.#head.generation, floor)
      this.#file.transaction(() => this.#cluster.write({ ...this.#row(), generation, published: this.#publishedOnDisk }))
      this.#head = { ...this.#head, generation }
      return generation
    })
  }

  async knownReplicas(): Promise<readonly KnownReplica[]> {
    return this.#file.guard(() => this.#replicas.all())
  }

  async rememberReplica(...replicas: readonly KnownReplica[]): Promise<void> {
    this.#file.guard(() =>
      this.#file.transaction(() => {
        for (const replica of replicas) this.#replicas.put(replica)
      }),
    )
  }

  async forgetReplica(...replicas: readonly KnownReplica[]): Promise<void> {
    this.#file.guard(() =>
      this.#file.transaction(() => {
        for (const replica of replicas) this.#replicas.delete(replica)
      }),
    )
  }

  async newestRejectionMs(): Promise<number | undefined> {
    return this.#file.guard(() => this.#decisions.newestMs())
  }

  async pruneRejections(timeMs: number): Promise<number> {
    return this.#file.guard(() => this.#file.transaction(() => this.#decisions.prune(timeMs)))
  }

  trouble(): string | undefined {
    return this.#file.trouble()
  }

  async close(): Promise<void> {
    this.#file.close()
  }

  #judge(rule: Decide, requests: readonly OrderRequest[], timeMs: number): DecisionWrites {
    const { length, generation } = this.#head
    return rule(
      {
        length,
        generation,
        timeMs,
        stock: (name) => this.#stocks.get(name),
        recorded: (key) => this.#decisions.recorded(key),
      },
      requests,
    )
  }

  #write(writes: DecisionWrites, digests: readonly string[], rejectedAtMs: number): void {
    const { length, publishedAtLeast } = this.#head
    this.#entries.insert(writes.entries, digests)
    this.#decisions.insert(writes.rejections, rejectedAtMs)
    this.#stocks.write(writes.stocks)
    if (writes.entries.length > 0 || publishedAtLeast !== this.#publishedOnDisk) {
      this.#cluster.write({ ...this.#row(), length: length + writes.entries.length })
    }
  }

  /** Returns the row of the table `cluster` for the present head. */
  #row(): ClusterRow {
    const { genesis, generation, recoveredGeneration, length, publishedAtLeast } = this.#head
    const identity = { clusterId: genesis.clusterId, genesisDigest: this.#start }
    return { ...identity, generation, recoveredGeneration, length, published: publishedAtLeast }
  }
}
