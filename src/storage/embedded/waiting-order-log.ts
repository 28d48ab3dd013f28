import type { Entry } from '../../domain/order.ts'
import { adoptGenesis } from '../adoption.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import type { OrderLog, OrderLogHead } from '../order-log.ts'
import type { Opened } from './file/opening.ts'

/**
 * A replica's log whose file was opened for reading only, because its disk had no room. `trouble` looks for room, and opens
 * the file for writing as soon as there is some. Until then every write is refused, which harms nothing.
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

  /** Opens the file for writing once there is room. Throws a StorageFailure when the file cannot be opened even then. */
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

  /** Refuses a write. The error is no StorageFailure, because the log can still be read. */
  #refuseToWrite(): void {
    if (this.#unwritable !== undefined) throw new Error(`nothing can be written at the moment: ${this.#unwritable}`)
  }
}
