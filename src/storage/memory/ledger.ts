import type { Entry, OrderRequest, RecordedDecision } from '../../domain/order.ts'
import type { Stock } from '../../domain/stock.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import type { Decide, DecidedBatch, DecisionWrites, KnownReplica, Ledger, LedgerHead } from '../ledger.ts'
import { continueChain } from './continuation.ts'
import { MemoryDisk } from './disk.ts'

export interface MemoryLedgerOptions {
  readonly decide: Decide
  readonly genesis: Genesis
  /** The disk that it pretends to write to; without one, a disk that never fails. */
  readonly disk?: MemoryDisk
}

/** A ledger that lives as long as the process: for tests and the simulation. */
export function memoryLedger(options: MemoryLedgerOptions): Ledger {
  return new MemoryLedger(options)
}

interface TimedRejection extends RecordedDecision {
  readonly timeMs: number
}

class MemoryLedger implements Ledger {
  readonly #decide: Decide
  readonly #genesis: Genesis
  readonly #disk: MemoryDisk
  readonly #stocks: Map<string, Stock>
  readonly #entries: Entry[] = []
  /** The digest of the first n entries, at n. */
  readonly #digests: string[]
  readonly #numberByKey = new Map<string, number>()
  readonly #rejectionByKey = new Map<string, TimedRejection>()
  readonly #replicas = new Map<number, KnownReplica>()
  #generation = 0
  #published = 0

  constructor(options: MemoryLedgerOptions) {
    this.#decide = options.decide
    this.#genesis = options.genesis
    this.#disk = options.disk ?? new MemoryDisk()
    this.#stocks = new Map(options.genesis.stocks.map((stock) => [stock.name, stock]))
    this.#digests = [genesisDigest(options.genesis)]
  }

  head(): LedgerHead {
    return {
      genesis: this.#genesis,
      generation: this.#generation,
      length: this.#entries.length,
      digest: this.#digests.at(-1) ?? '',
      publishedAtLeast: this.#published,
    }
  }

  async decide(requests: readonly OrderRequest[], timeMs: number): Promise<DecidedBatch> {
    this.#disk.read()
    const writes = this.#decide(
      {
        length: this.#entries.length,
        generation: this.#generation,
        timeMs,
        stock: (name) => this.#stocks.get(name),
        recorded: (key) => this.#recorded(key),
      },
      requests,
    )
    const digests = continueChain(this.head(), writes.entries)
    if (writes.entries.length + writes.rejections.length > 0) this.#disk.write()
    this.#digests.push(...digests)
    this.#write(writes, timeMs)
    const { length, digest } = this.head()
    return { outcomes: writes.outcomes, entries: writes.entries, length, digest }
  }

  async stocks(): Promise<readonly Stock[]> {
    this.#disk.read()
    return [...this.#stocks.values()]
  }

  async entries(from: number, limit: number): Promise<readonly Entry[]> {
    this.#disk.read()
    const first = Math.max(0, from)
    return this.#entries.slice(first, first + Math.max(0, limit))
  }

  async digestAt(length: number): Promise<string | undefined> {
    this.#disk.read()
    return this.#digests[length]
  }

  notePublished(position: number): void {
    this.#published = Math.max(this.#published, Math.min(position, this.#entries.length))
  }

  async flushPublished(): Promise<void> {
    this.#disk.write()
  }

  async raiseGeneration(): Promise<number> {
    this.#disk.write()
    this.#generation += 1
    return this.#generation
  }

  async knownReplicas(): Promise<readonly KnownReplica[]> {
    this.#disk.read()
    return [...this.#replicas.values()].sort((a, b) => a.replicaId - b.replicaId)
  }

  async rememberReplica(replica: KnownReplica): Promise<void> {
    this.#disk.write()
    this.#replicas.set(replica.replicaId, replica)
  }

  async pruneRejections(timeMs: number): Promise<number> {
    this.#disk.write()
    const old = [...this.#rejectionByKey].filter(([, rejection]) => rejection.timeMs < timeMs)
    for (const [key] of old) this.#rejectionByKey.delete(key)
    return old.length
  }

  async close(): Promise<void> {
    this.#disk.close()
  }

  #recorded(key: string): RecordedDecision | undefined {
    const number = this.#numberByKey.get(key)
    const entry = number === undefined ? undefined : this.#entries[number]
    if (!entry) return this.#rejectionByKey.get(key)
    return { fingerprint: entry.fingerprint, decision: { kind: 'accepted', number: entry.number } }
  }

  #write(writes: DecisionWrites, timeMs: number): void {
    for (const entry of writes.entries) {
      this.#entries.push(entry)
      this.#numberByKey.set(entry.key, entry.number)
    }
    for (const { key, fingerprint, decision } of writes.rejections) {
      this.#rejectionByKey.set(key, { fingerprint, decision, timeMs })
    }
    for (const stock of writes.stocks) this.#stocks.set(stock.name, stock)
  }
}
