import type { Entry, RecordedDecision } from '../../domain/order.ts'
import type { Stock } from '../../domain/stock.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import type { DecisionWrites, KnownReplica, LedgerHead } from '../ledger.ts'
import type { Replay } from '../replay.ts'

interface TimedRejection extends RecordedDecision {
  readonly timeMs: number
}

/** The contents of a ledger in memory. A real ledger has them in its file. */
export class LedgerState {
  readonly genesis: Genesis
  readonly entries: Entry[] = []
  /** The digest of the first n entries, at n. */
  readonly digests: string[]
  readonly stocks: Map<string, Stock>
  readonly rejections = new Map<string, TimedRejection>()
  readonly replicas = new Map<number, KnownReplica>()
  readonly #numberByKey = new Map<string, number>()
  generation = 0
  recoveredGeneration = 0
  published = 0

  constructor(genesis: Genesis) {
    this.genesis = genesis
    this.digests = [genesisDigest(genesis)]
    this.stocks = new Map(genesis.stocks.map((stock) => [stock.name, stock]))
  }

  head(): LedgerHead {
    return {
      genesis: this.genesis,
      generation: this.generation,
      length: this.entries.length,
      digest: this.digests.at(-1) ?? '',
      recoveredGeneration: this.recoveredGeneration,
      lastGeneration: this.entries.at(-1)?.generation ?? 0,
      publishedAtLeast: this.published,
    }
  }

  recorded(key: string): RecordedDecision | undefined {
    const number = this.#numberByKey.get(key)
    const entry = number === undefined ? undefined : this.entries[number]
    if (!entry) return this.rejections.get(key)
    return { fingerprint: entry.fingerprint, decision: { kind: 'accepted', number: entry.number } }
  }

  write(writes: DecisionWrites, digests: readonly string[], timeMs: number): void {
    this.append(writes.entries, digests)
    for (const { key, fingerprint, decision } of writes.rejections) {
      this.rejections.set(key, { fingerprint, decision, timeMs })
    }
    for (const stock of writes.stocks) this.stocks.set(stock.name, stock)
  }

  /** Adds entries with the digest after each. Does not change the levels. */
  append(entries: readonly Entry[], digests: readonly string[]): void {
    for (const entry of entries) {
      if (this.#numberByKey.has(entry.key)) throw new Error(`entry ${entry.number} has a key that an earlier one has`)
      this.entries.push(entry)
      this.#numberByKey.set(entry.key, entry.number)
    }
    this.digests.push(...digests)
  }

  /** Sets the levels and the rest to the result of a replayed log. */
  finish(replay: Replay, generation: number): void {
    for (const stock of replay.stocks()) this.stocks.set(stock.name, stock)
    this.generation = generation
    this.recoveredGeneration = generation
    this.published = replay.published
  }

  /** Returns an independent copy. */
  copy(): LedgerState {
    const copy = new LedgerState(this.genesis)
    copy.append(this.entries, this.digests.slice(1))
    for (const [name, stock] of this.stocks) copy.stocks.set(name, stock)
    for (const [key, rejection] of this.rejections) copy.rejections.set(key, rejection)
    for (const [id, replica] of this.replicas) copy.replicas.set(id, replica)
    copy.generation = this.generation
    copy.recoveredGeneration = this.recoveredGeneration
    copy.published = this.published
    return copy
  }
}
