import { assert } from '../../runtime/assert.ts'
import type { Entry } from '../../domain/order.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import type { OrderLog, OrderLogHead } from '../order-log.ts'
import { adoptGenesis } from './adoption.ts'
import { continueChain } from './continuation.ts'
import { MemoryDisk } from './disk.ts'

export interface MemoryOrderLogOptions {
  readonly diskId: string
  /** The disk that it pretends to write to; without one, a disk that never fails. */
  readonly disk?: MemoryDisk
}

/** An order log that lives as long as the process: for tests and the simulation. */
export function memoryOrderLog(options: MemoryOrderLogOptions): OrderLog {
  return new MemoryOrderLog(options)
}

class MemoryOrderLog implements OrderLog {
  readonly #diskId: string
  readonly #disk: MemoryDisk
  readonly #entries: Entry[] = []
  /** The digest of the first n entries, at n. */
  #digests: string[] = ['']
  #genesis: Genesis | undefined
  #sealedGeneration = 0

  constructor(options: MemoryOrderLogOptions) {
    this.#diskId = options.diskId
    this.#disk = options.disk ?? new MemoryDisk()
  }

  head(): OrderLogHead {
    return {
      genesis: this.#genesis,
      diskId: this.#diskId,
      sealedGeneration: this.#sealedGeneration,
      length: this.#entries.length,
      digest: this.#digests.at(-1) ?? '',
    }
  }

  async append(entries: readonly Entry[], digest: string): Promise<OrderLogHead> {
    this.#disk.read()
    const head = this.head()
    assert(head.genesis !== undefined || entries.length === 0, 'a log adopts its history before its first entry')
    const digests = continueChain(head, entries)
    const reached = digests.at(-1) ?? head.digest
    if (reached !== digest) throw new Error(wrongDigest(head.length + entries.length, reached, digest))
    if (entries.length === 0) return head
    this.#disk.write()
    this.#entries.push(...entries)
    this.#digests.push(...digests)
    return this.head()
  }

  async entry(number: number): Promise<Entry | undefined> {
    this.#disk.read()
    return this.#entries[number]
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

  async seal(generation: number, genesis: Genesis): Promise<OrderLogHead> {
    this.#disk.read()
    const adopted = adoptGenesis(this.#genesis, genesis)
    this.#disk.write()
    if (!this.#genesis) this.#digests = [genesisDigest(adopted)]
    this.#genesis = adopted
    this.#sealedGeneration = Math.max(this.#sealedGeneration, generation)
    return this.head()
  }

  async close(): Promise<void> {
    this.#disk.close()
  }
}

/** Words for entries that do not lead to the digest that came with them. */
export function wrongDigest(length: number, reached: string, announced: string): string {
  return `these entries lead to digest ${reached} at length ${length}, announced was ${announced}: nothing was appended`
}
