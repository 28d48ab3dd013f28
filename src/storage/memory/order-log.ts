import { assert } from '../../runtime/assert.ts'
import type { Entry } from '../../domain/order.ts'
import { adoptGenesis } from '../adoption.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import { continueChain, wrongDigest } from '../continuation.ts'
import type { OrderLog, OrderLogHead } from '../order-log.ts'
import { pageOf } from '../pages.ts'
import { MemoryDisk } from './disk.ts'

export interface MemoryOrderLogOptions {
  readonly diskId: string
  /** The disk that the log pretends to write to; without one, a disk that never fails. */
  readonly disk?: MemoryDisk
}

/** Makes an order log in memory, for tests and the simulation. */
export function memoryOrderLog(options: MemoryOrderLogOptions): MemoryOrderLog {
  return new MemoryOrderLog(options)
}

export class MemoryOrderLog implements OrderLog {
  readonly #diskId: string
  readonly #disk: MemoryDisk
  readonly #entries: Entry[] = []
  /** The digest of the first n entries, at n. */
  #digests: string[] = ['']
  #genesis: Genesis | undefined
  readonly #cutTails: (readonly Entry[])[] = []
  #sealedGeneration = 0
  #closed = false

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
      lastGeneration: this.#entries.at(-1)?.generation ?? 0,
      digest: this.#digests.at(-1) ?? '',
    }
  }

  async append(entries: readonly Entry[], digest: string): Promise<OrderLogHead> {
    this.#read()
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
    this.#read()
    return this.#entries[number]
  }

  async entries(from: number, limit: number): Promise<readonly Entry[]> {
    this.#read()
    return pageOf(this.#entries, from, limit)
  }

  async digestAt(length: number): Promise<string | undefined> {
    this.#read()
    return this.#digests[length]
  }

  async seal(generation: number, genesis: Genesis): Promise<OrderLogHead> {
    this.#read()
    const adopted = adoptGenesis(this.#genesis, genesis, this.#entries.length)
    this.#disk.write()
    if (adopted !== this.#genesis) this.#digests[0] = genesisDigest(adopted)
    this.#genesis = adopted
    this.#sealedGeneration = Math.max(this.#sealedGeneration, generation)
    return this.head()
  }

  async cut(length: number): Promise<OrderLogHead> {
    this.#read()
    const own = this.#entries.length
    const isInside = Number.isInteger(length) && length >= 0 && length <= own
    assert(isInside, `a log of ${own} entries can be cut at ${length}`)
    if (length === own) return this.head()
    this.#disk.write()
    this.#cutTails.push(this.#entries.splice(length)) // G4
    this.#digests.length = length + 1
    return this.head()
  }

  /** Entries that `cut` has removed, oldest first. */
  get cutTails(): readonly (readonly Entry[])[] {
    return this.#cutTails
  }

  trouble(): string | undefined {
    return this.#disk.trouble()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #read(): void {
    if (this.#closed) throw new Error('this log is closed')
    this.#disk.read()
  }
}
