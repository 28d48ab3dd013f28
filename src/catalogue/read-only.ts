import { sleep } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import { LogReads } from '../wire/log-reads.ts'
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
  TradeResult,
} from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { refusal } from '../wire/refusal.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import { DiskWatch } from '../storage/disk-watch.ts'
import { haltingReader } from '../storage/halting.ts'
import type { KnownReplica, LedgerHead, LedgerOpening, ReadableLedger } from '../storage/ledger.ts'
import { turnedAway, type CatalogueCalls, type StartedCatalogue } from './opening.ts'
import { Publication } from './publication.ts'
import { showsLoss, withKnown } from './recovery.ts'
import { isSealed, type Seals, type Sealed } from './seals.ts'
import { SessionStream, type SessionOwner } from './session-stream.ts'
import { ShownStocks } from './shown-stocks.ts'

/** How often the replicas are looked at. One that could not be reached may hold entries that this ledger lacks. */
const LOOK_INTERVAL_MS = 1_000

export interface ReadOnlyOptions {
  readonly seals: Seals
  /** The lease of earlier runs. */
  readonly leaseMs: number
  /** Replicas that the operator has named. */
  readonly replicas: readonly KnownReplica[]
  /** The operator says that there are no replicas. */
  readonly alone: boolean
}

type ReadOnlyOpening = Extract<LedgerOpening, { readonly kind: 'read-only' }>

/** A catalogue that serves the ledger of an earlier run. */
export async function readOnlyCatalogue(
  runtime: Runtime,
  options: ReadOnlyOptions,
  { ledger, why }: ReadOnlyOpening,
): Promise<StartedCatalogue> {
  const reader = haltingReader(ledger, (reason) => runtime.halt(reason))
  const replicas = withKnown(options.replicas, await reader.knownReplicas())
  // The whole log counts as published here. The catalogue decides whether levels are shown at all.
  const publication = new Publication(await reader.stocks(), reader.head().length, [])
  const stocks = new ShownStocks(publication, { forCaches: false })
  return new ReadOnlyCatalogue(runtime, { ...options, replicas }, reader, why, stocks)
}

/**
 * Serves lookups as long as the ledger cannot be written. Then this process ends, and its next run opens the ledger as
 * usual.
 *
 * C7. While nothing can be written, no generation is raised, no replica sealed, no leader taken, no lease granted and
 *     nothing decided. Levels are shown as they are after the whole log, so that they are at least as new as all that were
 *     shown before. They are shown under three conditions. Every lease of the run before is over. No replica in reach shows
 *     that the ledger has lost something. A replica holds all entries that may not have been published, since nothing that
 *     is shown may depend on one disk.
 */
class ReadOnlyCatalogue implements StartedCatalogue, CatalogueCalls, SessionOwner {
  readonly #runtime: Runtime
  readonly #options: ReadOnlyOptions
  readonly #ledger: ReadableLedger
  readonly #why: string
  readonly #stocks: ShownStocks
  readonly #closing = new AbortController()
  readonly #disk: DiskWatch
  readonly #reads: LogReads
  /** Why no levels are shown, or undefined when they are (C7). */
  #hidden: string | undefined = 'caches of the run before may still serve'

  constructor(runtime: Runtime, options: ReadOnlyOptions, ledger: ReadableLedger, why: string, stocks: ShownStocks) {
    this.#runtime = runtime
    this.#options = options
    this.#ledger = ledger
    this.#why = why
    this.#stocks = stocks
    this.#reads = new LogReads(runtime.clock, ledger)
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

  /** The ledger's end. The generation is that of the last run that could write. */
  head(): LedgerHead {
    return this.#ledger.head()
  }

  get summary(): StartedCatalogue['summary'] {
    const { generation, length, publishedAtLeast } = this.#ledger.head()
    return { generation, length, unpublished: length - publishedAtLeast }
  }

  // ---- single calls ------------------------------------------------------------------------------------------------

  get calls(): CatalogueCalls {
    return this
  }

  async lookup(name: string): Promise<LookupResult> {
    await this.confirm()
    return this.#stocks.lookup(name)
  }

  async trade(): Promise<TradeResult> {
    throw new RpcError('UNAVAILABLE', this.#why)
  }

  /** Always refused: whoever asks is about to place an order. */
  async recall(): Promise<Recalled> {
    throw new RpcError('UNAVAILABLE', this.#why)
  }

  origin(): Adoption {
    throw new RpcError('UNAVAILABLE', this.#why)
  }

  read(request: ReadRequest, asker: Asker): Promise<Entries> {
    return this.#reads.read(request, asker)
  }

  async confirm(): Promise<Published> {
    if (this.#hidden !== undefined) throw new RpcError('UNAVAILABLE', `${this.#why}; ${this.#hidden}`)
    return { position: this.#stocks.position }
  }

  status(): CatalogueStatus {
    const { genesis, generation, length, digest, publishedAtLeast } = this.#ledger.head()
    const isShown = this.#hidden === undefined
    return {
      process: this.#runtime.usage(),
      clusterId: genesis.clusterId,
      ...{ generation, length, digest, sessions: [], batches: 0, requests: 0 },
      published: isShown ? length : publishedAtLeast,
      state: isShown ? this.#why : `${this.#why}; ${this.#hidden}`,
    }
  }

  // ---- streams -----------------------------------------------------------------------------------------------------

  lead(stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue> {
    return turnedAway(stream, () => stream.send({ refused: refusal(this.#why) }))
  }

  session(stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> {
    return new SessionStream(this.#runtime.clock, stream, this).start()
  }

  greeted(): void {}

  renewed(stream: SessionStream, ask: number): void {
    stream.grant({ ask, clusterId: this.#ledger.head().genesis.clusterId, lease: undefined })
  }

  ended(): void {}

  shown(): ShownStocks | undefined {
    return this.#hidden === undefined ? this.#stocks : undefined
  }

  gone(): void {}

  // ---- whether levels may be shown ---------------------------------------------------------------------------------

  /** Looks at the replicas regularly. A replica that comes back may show that the ledger is an old one. */
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

  /** Why levels may not be shown (C7), or undefined when they may. */
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

  /** Ends the process as soon as there is room, so that the next run opens the ledger as usual. */
  #diskChanged(trouble: string | undefined): void {
    if (trouble === undefined) this.#runtime.halt(new Error('there is room to write again: starting over'))
  }
}
