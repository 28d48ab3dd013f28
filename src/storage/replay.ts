import type { Entry } from '../domain/order.ts'
import type { Stock } from '../domain/stock.ts'
import { genesisDigest, type Genesis } from './chain.ts'
import { continueChain, wrongDigest } from './continuation.ts'
import type { LogPage } from './ledger.ts'
import { Levels } from './levels.ts'

/** Follows a log from its genesis on, and so finds out the contents of the ledger that decided it. */
export class Replay {
  readonly #levels: Levels
  #length = 0
  #digest: string
  #lastGeneration = 0

  constructor(genesis: Genesis) {
    this.#levels = new Levels(genesis.stocks)
    this.#digest = genesisDigest(genesis)
  }

  get length(): number {
    return this.#length
  }

  get digest(): string {
    return this.#digest
  }

  /** Generation of the last entry, 0 while there is none. */
  get lastGeneration(): number {
    return this.#lastGeneration
  }

  /**
   * The position that counts as published in a ledger that is rebuilt from this log. The true one is not known any more. The
   * last entry may never have been published, while caches still serve what was before it. So it has to be published again.
   */
  get published(): number {
    return Math.max(0, this.#length - 1)
  }

  /** Returns all stocks after the last entry, in the order of the genesis. */
  stocks(): readonly Stock[] {
    return this.#levels.all()
  }

  /**
   * Takes the next page. Returns the digest after each of its entries. Throws when the page does not continue the last one,
   * does not lead to its digest, or holds an entry that no ledger can have decided. After that, the replay cannot be used.
   */
  take(page: LogPage): readonly string[] {
    const digests = continueChain(this, page.entries)
    const reached = digests.at(-1) ?? this.#digest
    const length = this.#length + page.entries.length
    if (reached !== page.digest) throw new Error(wrongDigest(length, reached, page.digest))
    for (const entry of page.entries) this.#apply(entry)
    this.#length = length
    this.#digest = reached
    return digests
  }

  /** Ends the replay. Throws when the ledger that follows from it cannot have this generation. */
  end(generation: number): void {
    if (generation >= this.#lastGeneration) return
    throw new Error(`generation ${generation} is below that of the last entry, ${this.#lastGeneration}`)
  }

  #apply(entry: Entry): void {
    const { number, generation } = entry
    if (generation < this.#lastGeneration) {
      throw new Error(`entry ${number} has generation ${generation}, the one before it ${this.#lastGeneration}`)
    }
    this.#levels.apply(entry)
    this.#lastGeneration = generation
  }
}
