import { assert } from '../../runtime/assert.ts'
import type { Entry } from '../../domain/order.ts'
import { genesisDigest, type Genesis } from '../chain.ts'
import { adoptGenesis } from '../adoption.ts'
import { continueChain, wrongDigest } from '../continuation.ts'
import type { OrderLog, OrderLogHead } from '../order-log.ts'
import { EntryTable, type LogExtent } from './tables/entry-table.ts'
import { identityOf, readGenesis, writeOpeningStocks } from './tables/genesis-table.ts'
import { LogTable, type LogRow } from './tables/log-table.ts'
import type { SqliteFile } from './file/sqlite-file.ts'
import { archiveTail } from './tail-archive.ts'

/** Called with the number of entries that were cut off, and the file in which they are kept. */
type CutListener = (entries: number, archivedAs: string) => void

/** A replica's log in one SQLite file. The work of each call is done at once, on the calling thread. */
export class EmbeddedOrderLog implements OrderLog {
  readonly #file: SqliteFile
  readonly #entries: EntryTable
  readonly #log: LogTable
  readonly #onCut: CutListener | undefined
  /** The digest of the empty log. */
  #start: string
  #head: OrderLogHead

  /** Checks the file. Call it inside `guard`. */
  constructor(file: SqliteFile, onCut?: CutListener) {
    this.#file = file
    this.#onCut = onCut
    this.#entries = new EntryTable(file)
    this.#log = new LogTable(file)
    const { diskId, history, sealedGeneration, length } = this.#log.read()
    const genesis = history && readGenesis(file, history)
    this.#start = history?.genesisDigest ?? ''
    this.#head = {
      genesis,
      diskId,
      sealedGeneration,
      length,
      ...this.#entries.check(length, this.#start),
    }
  }

  head(): OrderLogHead {
    return this.#head
  }

  async append(entries: readonly Entry[], digest: string): Promise<OrderLogHead> {
    return this.#file.guard(() => {
      const head = this.#head
      assert(head.genesis !== undefined || entries.length === 0, 'a log adopts its history before its first entry')
      const digests = continueChain(head, entries) // G2
      const length = head.length + entries.length
      const reached = digests.at(-1) ?? head.digest
      if (reached !== digest) throw new Error(wrongDigest(length, reached, digest))
      if (entries.length === 0) return head
      this.#file.transaction(() => {
        // G1
        this.#entries.insert(entries, digests)
        this.#log.write(this.#rowOf({ ...head, length }))
      })
      this.#head = { ...head, length, digest, lastGeneration: entries.at(-1)?.generation ?? head.lastGeneration }
      return this.#head
    })
  }

  async entry(number: number): Promise<Entry | undefined> {
    const [entry] = await this.entries(number, number < 0 ? 0 : 1)
    return entry
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

  async seal(generation: number, genesis: Genesis): Promise<OrderLogHead> {
    return this.#file.guard(() => {
      const head = this.#head
      const adopted = adoptGenesis(head.genesis, genesis, head.length)
      const start = genesisDigest(adopted)
      const isNew = start !== this.#start
      if (!isNew && generation <= head.sealedGeneration) return head
      const sealedGeneration = Math.max(generation, head.sealedGeneration)
      this.#file.transaction(() => {
        if (isNew) writeOpeningStocks(this.#file, adopted.stocks)
        this.#log.write({ ...this.#rowOf({ ...head, sealedGeneration }), history: identityOf(adopted) })
      })
      this.#start = start
      const digest = head.length === 0 ? start : head.digest
      this.#head = { ...head, genesis: adopted, sealedGeneration, digest }
      return this.#head
    })
  }

  async cut(length: number): Promise<OrderLogHead> {
    return this.#file.guard(() => {
      const head = this.#head
      const isInside = Number.isInteger(length) && length >= 0 && length <= head.length
      assert(isInside, `a log of ${head.length} entries can be cut at ${length}`)
      if (length === head.length) return head
      const end = this.#entries.endAt(length, this.#start)
      const archive = archiveTail(this.#file, length) // G4
      this.#file.transaction(() => {
        this.#entries.deleteFrom(length)
        this.#log.write(this.#rowOf({ ...head, length }))
      })
      this.#head = { ...head, length, ...end }
      this.#onCut?.(head.length - length, archive)
      return this.#head
    })
  }

  trouble(): string | undefined {
    return this.#file.trouble()
  }

  async close(): Promise<void> {
    this.#file.close()
  }

  /** Returns the row of the table `log` for this head. */
  #rowOf({ genesis, diskId, sealedGeneration, length }: OrderLogHead): LogRow {
    const history = genesis && { clusterId: genesis.clusterId, genesisDigest: this.#start }
    return { diskId, history, sealedGeneration, length }
  }
}
