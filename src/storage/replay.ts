import type { Entry } from '../domain/order.ts'
import type { Stock } from '../domain/stock.ts'
import { genesisDigest, type Genesis } from './chain.ts'
import { continueChain, wrongDigest } from './continuation.ts'
import type { LogPage } from './ledger.ts'

/** Follows a log from its genesis on, and so finds out what the ledger held that decided it. */
export class Replay {
  readonly #stocks: Map<string, Stock>
  #length = 0
  #digest: string
  #lastGeneration = 0

  constructor(genesis: Genesis) {
    this.#stocks = new Map(genesis.stocks.map((stock) => [stock.name, stock]))
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

  /** All stocks after the last entry, in the order of the genesis. */
  stocks(): readonly Stock[] {
    return [...this.#stocks.values()]
  }

  /**
   * Takes the next page; returns the digest after each of its entries. Throws when the page does not go on where the last
   * one ended, does not lead to its digest, or holds what no ledger can have decided: then the replay is of no more use.
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
    const { number, name, generation } = entry
    const stock = this.#stocks.get(name)
    if (!stock) throw new Error(`entry ${number} trades ${name}, which was never for sale`)
    if (generation < this.#lastGeneration) {
      throw new Error(`entry ${number} has generation ${generation}, the one before it ${this.#lastGeneration}`)
    }
    const quantity = entry.type === 'buy' ? stock.quantity - entry.quantity : stock.quantity + entry.quantity
    const volume = stock.volume + entry.quantity
    if (quantity < 0 || !Number.isSafeInteger(quantity) || !Number.isSafeInteger(volume)) {
      throw new Error(`entry ${number} leaves ${quantity} shares of ${name} and a volume of ${volume}`)
    }
    this.#stocks.set(name, { ...stock, quantity, volume })
    this.#lastGeneration = generation
  }
}
