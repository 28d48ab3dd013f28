import type { Entry } from '../../domain/order.ts'
import { adoptGenesis } from '../adoption.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import type { OrderLog, OrderLogHead } from '../order-log.ts'
import type { Opened } from './file/opening.ts'

/**
 * A replica's log whose file could be opened for reading only, as its disk had no room. `trouble` looks for some, and
 * opens it for writing as soon as there is; what would have to be written before is refused, which harms nothing.
 */
export class WaitingOrderLog implements OrderLog {
  #log: OrderLog
  #unwritable: string | undefined
  readonly #reopen: () => Opened<OrderLog>

  constructor(log: OrderLog, unwritable: string, reopen: () => Opened<OrderLog>) {
    this.#log = log
    this.#unwritable = unwritable
    this.#reopen = reopen
  }

  head(): OrderLogHead {
    return this.#log.head()
  }

  async append(entries: readonly Entry[], digest: string): Promise<OrderLogHead> {
    if (entries.length > 0) this.#refuseToWrite()
    return this.#log.append(entries, digest)
  }

  entry(number: number): Promise<Entry | undefined> {
    return this.#log.entry(number)
  }

  entries(from: number, limit: number): Promise<readonly Entry[]> {
    return this.#log.entries(from, limit)
  }

  digestAt(length: number): Promise<string | undefined> {
    return this.#log.digestAt(length)
  }

  async seal(generation: number, genesis: Genesis): Promise<OrderLogHead> {
    const held = this.#log.head()
    const adopted = genesisDigest(adoptGenesis(held.genesis, genesis, held.length))
    const changes = generation > held.sealedGeneration || !held.genesis || adopted !== genesisDigest(held.genesis)
    if (changes) this.#refuseToWrite()
    return this.#log.seal(generation, genesis)
  }

  async cut(length: number): Promise<OrderLogHead> {
    if (length !== this.#log.head().length) this.#refuseToWrite()
    return this.#log.cut(length)
  }

  /** Throws a StorageFailure when there is room, and the file cannot be opened even so. */
  trouble(): string | undefined {
    const trouble = this.#log.trouble()
    if (this.#unwritable === undefined || trouble !== undefined) return trouble
    void this.#log.close()
    const { built, unwritable } = this.#reopen()
    this.#log = built
    this.#unwritable = unwritable
    return unwritable
  }

  close(): Promise<void> {
    return this.#log.close()
  }

  /** No StorageFailure: the log goes on being read. */
  #refuseToWrite(): void {
    if (this.#unwritable !== undefined) throw new Error(`nothing can be written at the moment: ${this.#unwritable}`)
  }
}
