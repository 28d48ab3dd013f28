import { LIMITS } from '../domain/limits.ts'
import { sleep } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import type { MessageStream, ServedStream, StreamHandlers } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import { readEntries } from '../wire/log-pages.ts'
import type {
  Adoption,
  CatalogueStatus,
  CatalogueToFrontEnd,
  CatalogueToLeader,
  Entries,
  FrontEndToCatalogue,
  LeaderToCatalogue,
  LookupResult,
  Published,
  ReadRequest,
  Recalled,
  StockView,
  TradeResult,
} from '../wire/messages.ts'
import { READ_PATIENCE_MS, tooManyReads } from '../wire/pieces.ts'
import { refusal } from '../wire/refusal.ts'
import { DiskWatch } from '../storage/disk-watch.ts'
import { haltingReader } from '../storage/halting.ts'
import type { KnownReplica, LedgerOpening, ReadableLedger } from '../storage/ledger.ts'
import type { OpenCatalogue } from './opening.ts'
import { Publication } from './publication.ts'
import { showsLoss, withKnown } from './recovery.ts'
import { isSealed, type Seals, type Sealed } from './seals.ts'
import { StockLists } from './stock-lists.ts'

/** How often the replicas are looked at: one that could not be reached may hold what this ledger lacks. */
const LOOK_INTERVAL_MS = 1_000

export interface ReadOnlyOptions {
  readonly seals: Seals
  /** The lease of earlier lives. */
  readonly leaseMs: number
  /** Replicas that the operator has named. */
  readonly replicas: readonly KnownReplica[]
  /** There are no replicas, says the operator. */
  readonly alone: boolean
}

type ReadOnlyOpening = Extract<LedgerOpening, { readonly kind: 'read-only' }>

/** A catalogue that serves what an earlier life has left. */
export async function readOnlyCatalogue(
  runtime: Runtime,
  options: ReadOnlyOptions,
  { ledger, why }: ReadOnlyOpening,
  closing: AbortController,
): Promise<ReadOnlyCatalogue> {
  const reader = haltingReader(ledger, (reason) => runtime.halt(reason))
  const replicas = withKnown(options.replicas, await reader.knownReplicas())
  const publication = new Publication(await reader.stocks(), reader.head().length, [])
  return new ReadOnlyCatalogue(runtime, { ...options, replicas }, reader, why, publication, closing)
}

/**
 * Serves lookups as long as the ledger cannot be written; then this process ends, and its next life opens it as usual.
 *
 * C7. Where nothing can be written, no generation is raised, no replica sealed, no leader taken, no lease granted and
 *     nothing decided. Levels are shown as they are after the whole log, so that they are as new as any that was ever
 *     shown: when every lease of the life before is over, no replica in reach shows that the ledger has lost something,
 *     and a replica holds what was not published for sure, as nothing that is shown may hang on one disk.
 */
class ReadOnlyCatalogue implements OpenCatalogue {
  readonly #runtime: Runtime
  readonly #options: ReadOnlyOptions
  readonly #ledger: ReadableLedger
  readonly #why: string
  /** All of the log counts as published here; whether anybody is told, `#hidden` says. */
  readonly #publication: Publication
  readonly #closing: AbortController
  readonly #disk: DiskWatch
  readonly #reads: Gate
  /** Why no levels are shown, or undefined when they are (C7). */
  #hidden: string | undefined = 'caches of the run before may still serve'

  constructor(
    runtime: Runtime,
    options: ReadOnlyOptions,
    ledger: ReadableLedger,
    why: string,
    publication: Publication,
    closing: AbortController,
  ) {
    this.#runtime = runtime
    this.#options = options
    this.#ledger = ledger
    this.#why = why
    this.#publication = publication
    this.#closing = closing
    this.#reads = new Gate(runtime.clock, { placesMax: 1, waitingMax: LIMITS.waitingReadsMax })
    this.#disk = new DiskWatch(runtime.clock, ledger, (trouble) => this.#diskChanged(trouble))
  }

  async open(): Promise<void> {
    this.#runtime.log.error({ why: this.#why }, 'the ledger cannot be written: lookups only')
    void this.#lookAround()
    this.#disk.start(this.#why)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#disk.close()
    await this.#ledger.close()
  }

  get clusterId(): string {
    return this.#ledger.head().genesis.clusterId
  }

  /** That of the last life that could write. */
  get generation(): number {
    return this.#ledger.head().generation
  }

  /** For the log. */
  get summary(): { readonly generation: number; readonly length: number; readonly unpublished: number } {
    const { generation, length, publishedAtLeast } = this.#ledger.head()
    return { generation, length, unpublished: length - publishedAtLeast }
  }

  async lookup(name: string): Promise<LookupResult> {
    const { position } = await this.confirm()
    const { found, priceCents, quantity } = this.#view(name)
    if (!found) return { stockPrice: -1, stockQuantity: -1, priceCents: -1, position }
    return { stockPrice: priceCents / 100, stockQuantity: quantity, priceCents, position }
  }

  async trade(): Promise<TradeResult> {
    throw new RpcError('UNAVAILABLE', this.#why)
  }

  /** Who asks for it is about to place an order. */
  async recall(): Promise<Recalled> {
    throw new RpcError('UNAVAILABLE', this.#why)
  }

  origin(): Adoption {
    throw new RpcError('UNAVAILABLE', this.#why)
  }

  async read(request: ReadRequest, asker: Asker): Promise<Entries> {
    const read = () => readEntries(this.#runtime.clock, this.#ledger, request, this.#ledger.head(), asker)
    return (await this.#reads.run(asker, READ_PATIENCE_MS, read)) ?? tooManyReads()
  }

  async confirm(): Promise<Published> {
    if (this.#hidden !== undefined) throw new RpcError('UNAVAILABLE', `${this.#why}; ${this.#hidden}`)
    return { position: this.#publication.published }
  }

  lead(stream: MessageStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue> {
    return {
      message: () => {
        stream.send({ refused: refusal(this.#why) })
        stream.close()
      },
      closed: () => {},
    }
  }

  session(stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> {
    const lists = new StockLists(this.#runtime.clock, this.#publication, stream)
    return {
      message: ({ renew, query }) => {
        if (renew) stream.send({ grant: { ask: renew.ask, session: 0, leaseMs: 0, clusterId: this.clusterId } })
        if (!query) return
        const isShown = this.#hidden === undefined
        if (isShown && query.names.length === 0) return lists.ask(query.query)
        const stocks = isShown ? query.names.map((name) => this.#view(name)) : []
        stream.send({ answer: { query: query.query, stocks, position: isShown ? this.#publication.published : -1, more: false } })
      },
      closed: () => lists.close(),
    }
  }

  status(): CatalogueStatus {
    const { generation, length, digest, publishedAtLeast } = this.#ledger.head()
    const isShown = this.#hidden === undefined
    return {
      process: this.#runtime.usage(),
      clusterId: this.clusterId,
      ...{ generation, length, digest, sessions: [], batches: 0, requests: 0 },
      published: isShown ? length : publishedAtLeast,
      state: isShown ? this.#why : `${this.#why}; ${this.#hidden}`,
    }
  }

  /** Again and again: a replica that comes back may tell that the ledger is an old one. */
  async #lookAround(): Promise<void> {
    const { clock, log } = this.#runtime
    const { seals, replicas, leaseMs } = this.#options
    await sleep(clock, leaseMs, this.#closing.signal) // C7
    while (!this.#closing.signal.aborted) {
      const hidden = this.#whyHidden((await seals.lookAt(replicas)).filter(isSealed))
      if (hidden !== this.#hidden) log.warn({ why: hidden ?? '' }, hidden === undefined ? 'levels are shown' : 'no levels are shown')
      this.#hidden = hidden
      await sleep(clock, LOOK_INTERVAL_MS, this.#closing.signal)
    }
  }

  /** C7 */
  #whyHidden(seen: readonly Sealed[]): string | undefined {
    const { replicas, alone } = this.#options
    const head = this.#ledger.head()
    const proof = seen.find(({ state }) => showsLoss(state, head))
    if (proof) return `the ledger is behind the replica at ${proof.replica.address}`
    if (head.length === 0) {
      const isFirstDay = alone || (replicas.length > 0 && seen.length === replicas.length) // C3
      return isFirstDay ? undefined : 'the ledger is empty, and not all replicas were found to be empty, too'
    }
    const isHeld = seen.some(({ state }) => state.length === head.length && state.digest === head.digest)
    if (head.publishedAtLeast === head.length || replicas.length === 0 || isHeld) return undefined
    return 'no replica in reach holds the last orders, which may not have been shown yet'
  }

  /** As soon as there is room the next life opens the ledger as usual. */
  #diskChanged(trouble: string | undefined): void {
    if (trouble === undefined) this.#runtime.halt(new Error('there is room to write again: starting over'))
  }

  #view(name: string): StockView {
    const stock = this.#publication.stock(name)
    if (!stock) return { name, priceCents: 0, quantity: 0, volume: 0, cacheable: false, found: false }
    return { ...stock, cacheable: false, found: true }
  }
}
