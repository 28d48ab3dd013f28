import type { Entry, OrderRequest, RecordedDecision } from '../../domain/order.ts'
import type { Stock } from '../../domain/stock.ts'
import type { Genesis } from '../chain.ts'
import { continueChain } from '../continuation.ts'
import { generationAbove, type Decide, type DecidedBatch, type KnownReplica, type Ledger, type LedgerHead } from '../ledger.ts'
import { pageOf } from '../pages.ts'
import { MemoryDisk } from './disk.ts'
import { LedgerState } from './ledger-state.ts'

export interface MemoryLedgerOptions {
  readonly genesis: Genesis
  /** The disk that the ledger pretends to write to; without one, a disk that never fails. */
  readonly disk?: MemoryDisk
}

/** Makes a ledger in memory, for tests and the simulation. */
export function memoryLedger({ genesis, disk }: MemoryLedgerOptions): Ledger {
  return new MemoryLedger(new LedgerState(genesis), disk ?? new MemoryDisk())
}

/** One opened ledger. Its contents are kept in the state, which outlives it. */
export class MemoryLedger implements Ledger {
  readonly #state: LedgerState
  readonly #disk: MemoryDisk
  #closed = false

  constructor(state: LedgerState, disk: MemoryDisk) {
    this.#state = state
    this.#disk = disk
  }

  head(): LedgerHead {
    return this.#state.head()
  }

  async decide(rule: Decide, requests: readonly OrderRequest[], timeMs: number, rejectedAtMs = timeMs): Promise<DecidedBatch> {
    this.#read()
    const state = this.#state
    const writes = rule(
      {
        length: state.entries.length,
        generation: state.generation,
        timeMs,
        stock: (name) => state.stocks.get(name),
        recorded: (key) => state.recorded(key),
      },
      requests,
    )
    const digests = continueChain(state.head(), writes.entries)
    if (writes.entries.length + writes.rejections.length > 0) this.#write()
    state.write(writes, digests, rejectedAtMs)
    const { length, digest } = state.head()
    return { outcomes: writes.outcomes, entries: writes.entries, length, digest }
  }

  async recorded(key: string): Promise<RecordedDecision | undefined> {
    this.#read()
    return this.#state.recorded(key)
  }

  async stocks(): Promise<readonly Stock[]> {
    this.#read()
    return [...this.#state.stocks.values()]
  }

  async entries(from: number, limit: number): Promise<readonly Entry[]> {
    this.#read()
    return pageOf(this.#state.entries, from, limit)
  }

  async digestAt(length: number): Promise<string | undefined> {
    this.#read()
    return this.#state.digests[length]
  }

  notePublished(position: number): void {
    const state = this.#state
    state.published = Math.max(state.published, Math.min(position, state.entries.length))
  }

  async flushPublished(): Promise<void> {
    this.#write()
  }

  async raiseGeneration(floor: number): Promise<number> {
    this.#write()
    this.#state.generation = generationAbove(this.#state.generation, floor)
    return this.#state.generation
  }

  async knownReplicas(): Promise<readonly KnownReplica[]> {
    this.#read()
    return [...this.#state.replicas.values()].sort((a, b) => a.replicaId - b.replicaId)
  }

  async rememberReplica(...replicas: readonly KnownReplica[]): Promise<void> {
    this.#write()
    for (const replica of replicas) this.#state.replicas.set(replica.replicaId, replica)
  }

  async forgetReplica(...replicas: readonly KnownReplica[]): Promise<void> {
    this.#write()
    for (const { replicaId, address } of replicas) {
      if (this.#state.replicas.get(replicaId)?.address === address) this.#state.replicas.delete(replicaId)
    }
  }

  async newestRejectionMs(): Promise<number | undefined> {
    this.#read()
    const times = [...this.#state.rejections.values()].map(({ timeMs }) => timeMs)
    return times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : undefined
  }

  async pruneRejections(timeMs: number): Promise<number> {
    this.#write()
    const { rejections } = this.#state
    const old = [...rejections].filter(([, rejection]) => rejection.timeMs < timeMs)
    for (const [key] of old) rejections.delete(key)
    return old.length
  }

  trouble(): string | undefined {
    return this.#disk.trouble()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #read(): void {
    if (this.#closed) throw new Error('this ledger is closed')
    this.#disk.read()
  }

  #write(): void {
    this.#read()
    this.#disk.write()
  }
}
