import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest, Outcome } from '../domain/order.ts'
import { sleep, within } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Service } from '../runtime/service.ts'
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
  RecallRequest,
  StockView,
  TradeResult,
  TradeStockName,
} from '../wire/messages.ts'
import { readEntries } from '../wire/log-pages.ts'
import { READ_PATIENCE_MS, tooManyReads } from '../wire/pieces.ts'
import { foreignRequest } from '../wire/order-requests.ts'
import { wireNumber } from '../wire/outcome-codes.ts'
import { DiskWatch } from '../storage/disk-watch.ts'
import { haltingLedger } from '../storage/halting.ts'
import type { DecidedBatch, Ledger } from '../storage/ledger.ts'
import { entriesBetween } from '../storage/pages.ts'
import { Decisions } from './decisions.ts'
import { LeaderStream, type LeaderStreamContext } from './leader-stream.ts'
import { Membership, type MembershipOptions } from './membership.ts'
import { Publication } from './publication.ts'
import { servicesFromTheStart, type OpenCatalogue } from './opening.ts'
import { readOnlyCatalogue } from './read-only.ts'
import { originOf, recall } from './recall.ts'
import { openLedger, showsLoss, type RecoveryOptions, type WritableOpening } from './recovery.ts'
import { Retention } from './retention.ts'
import { Seals } from './seals.ts'
import { LEASE_MS, Sessions } from './sessions.ts'
import { StockLists } from './stock-lists.ts'

/** A foreign caller's wait for something to be published. */
const FOREIGN_DEADLINE_MS = 3_000
/** How long nothing is decided before the published position is written on its own. */
const IDLE_MS = 100
const PRUNE_INTERVAL_MS = 60 * 60 * 1000

export interface CatalogueOptions extends Omit<RecoveryOptions & MembershipOptions, 'seals'> {
  /** gRPC port; 0 chooses a free one. */
  readonly port: number
  /** How long a front end may serve from its cache without renewing; no catalogue of this cluster may ever have granted more. */
  readonly leaseMs?: number
}

/**
 * Starts the catalogue: listens, opens its ledger, from the replicas if need be, waits until every session of an earlier
 * run has lapsed, and only then decides. While its ledger cannot be written, it serves what can be read.
 */
export async function startCatalogue(runtime: Runtime, given: CatalogueOptions): Promise<Service> {
  const closing = new AbortController()
  const catalogueId = runtime.random.id(16)
  const options = { ...given, leaseMs: given.leaseMs ?? LEASE_MS, seals: new Seals(runtime, catalogueId) }
  let catalogue: OpenCatalogue | undefined
  // Replicas ask who it is that looks into them (R5).
  const server = await runtime.network.serve(options.port, servicesFromTheStart(catalogueId, () => catalogue))
  const opening = await options.store.open()
  const started =
    opening.kind === 'read-only'
      ? await readOnlyCatalogue(runtime, options, opening, closing)
      : await writingCatalogue(runtime, options, opening, closing)
  catalogue = started
  runtime.log.info({ port: server.port, ...started.summary }, 'catalogue listens')
  await started.open()
  return {
    close: async (graceMs) => {
      await server.close(graceMs)
      await started.close()
    },
  }
}

async function writingCatalogue(
  runtime: Runtime,
  options: CatalogueOptions & { readonly leaseMs: number; readonly seals: Seals },
  opening: WritableOpening,
  closing: AbortController,
): Promise<Catalogue> {
  const opened = await openLedger(runtime, options, opening, closing.signal)
  const ledger = haltingLedger(opened.ledger, (reason) => runtime.halt(reason))
  const { length, publishedAtLeast } = ledger.head()
  const pending = await entriesBetween(ledger, publishedAtLeast, length)
  const publication = new Publication(await ledger.stocks(), length, pending)
  const membership = new Membership(runtime, ledger, options, closing.signal)
  await membership.load(opened, { areAllNamed: options.replicas.length > 0 })
  const retention = new Retention(runtime.clock, await ledger.newestRejectionMs())
  return new Catalogue(runtime, options.leaseMs, ledger, publication, membership, retention, closing)
}

class Catalogue implements OpenCatalogue {
  readonly #runtime: Runtime
  readonly #leaseMs: number
  readonly #ledger: Ledger
  readonly #publication: Publication
  readonly #sessions: Sessions
  readonly #decisions: Decisions
  readonly #leaders = new Set<LeaderStream>()
  readonly #membership: Membership
  readonly #retention: Retention
  readonly #closing: AbortController
  /** Reads of many entries, one at a time. */
  readonly #reads: Gate
  #starting = true
  readonly #disk: DiskWatch

  constructor(
    runtime: Runtime,
    leaseMs: number,
    ledger: Ledger,
    publication: Publication,
    membership: Membership,
    retention: Retention,
    closing: AbortController,
  ) {
    this.#runtime = runtime
    this.#leaseMs = leaseMs
    this.#ledger = ledger
    this.#publication = publication
    this.#membership = membership
    this.#retention = retention
    this.#closing = closing
    this.#reads = new Gate(runtime.clock, { placesMax: 1, waitingMax: LIMITS.waitingReadsMax })
    this.#sessions = new Sessions(runtime.clock, leaseMs, this.clusterId)
    this.#decisions = new Decisions(ledger, runtime.clock, retention, (group, callers) => this.#decided(group, callers))
    this.#disk = new DiskWatch(runtime.clock, ledger, (trouble) => this.#diskChanged(trouble))
  }

  /** Waits until nobody serves from a session of an earlier run, then opens for trade. */
  async open(): Promise<void> {
    const { clock, log } = this.#runtime
    const { addresses } = this.#membership
    await sleep(clock, this.#leaseMs, this.#closing.signal)
    // Without any replica there is nobody who could publish what an earlier run left.
    if (addresses.size === 0) this.#publication.publish(this.#ledger.head().length)
    this.#starting = false
    log.info({ replicas: Object.fromEntries(addresses) }, 'open for trade')
    void this.#writePublishedWhenIdle()
    void this.#pruneRejections()
    this.#disk.start()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#disk.close()
    await this.#ledger.flushPublished()
    await this.#ledger.close()
  }

  /** For the log. */
  get summary(): { readonly generation: number; readonly length: number; readonly unpublished: number } {
    const { generation, length } = this.#ledger.head()
    return { generation, length, unpublished: length - this.#publication.published }
  }

  get #refusal(): string | undefined {
    if (this.#starting) return 'the catalogue is starting'
    return this.#disk.trouble ?? this.#membership.refusal
  }

  /** P1, and C3: what stands in a ledger may be less than was shown, before its replicas were looked into. */
  get #mayShow(): boolean {
    return this.#publication.settled && this.#membership.refusal === undefined
  }

  get generation(): number {
    return this.#ledger.head().generation
  }

  get clusterId(): string {
    return this.#ledger.head().genesis.clusterId
  }

  lead(stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue> {
    return new LeaderStream(this.#leaderContext(), stream)
  }

  async read(request: ReadRequest, asker: Asker): Promise<Entries> {
    const read = () => readEntries(this.#runtime.clock, this.#ledger, request, this.#ledger.head(), asker)
    return (await this.#reads.run(asker, READ_PATIENCE_MS, read)) ?? tooManyReads()
  }

  #leaderContext(): LeaderStreamContext {
    return {
      ledger: this.#ledger,
      decisions: this.#decisions,
      publication: this.#publication,
      sessions: this.#sessions,
      log: this.#runtime.log,
      refusal: () => this.#refusal,
      showsLoss: (hello) => showsLoss(hello, this.#ledger.head()),
      introduce: (replica) => this.#membership.introduce(replica),
      lookAgain: () => this.#membership.lookAgain(),
      startOver: (replica, why) => this.#membership.startOver(replica, why),
      attached: (leader) => this.#leaders.add(leader),
      detached: (leader) => this.#leaders.delete(leader),
      published: () => this.#ledger.notePublished(this.#publication.published),
    }
  }

  /** A leader that asked gets the entries with its outcomes; the others get them on their own. */
  #decided(group: DecidedBatch, callers: ReadonlySet<object | undefined>): void {
    this.#publication.addDecided(group.entries)
    for (const leader of this.#leaders) if (!callers.has(leader)) leader.carry(group)
  }

  session(stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> {
    let frontEndId = ''
    const lists = new StockLists(this.#runtime.clock, this.#publication, stream)
    return {
      message: ({ hello, renew, query, ended }) => {
        if (hello) {
          if (!this.#sessions.attach(hello, stream)) {
            this.#runtime.log.warn({ frontEnd: hello.address }, 'there are as many front ends as can be: refused')
            return stream.close()
          }
          frontEndId = hello.frontEndId
          const named = hello.replicas.map((replica) => replica.split('=') as [string, string])
          this.#membership.introduceAll(named.map(([id, address]) => ({ replicaId: Number(id), address })))
        }
        if (renew) this.#sessions.renew(frontEndId, stream, renew.ask)
        if (ended) this.#sessions.ended(frontEndId, stream)
        if (query) {
          const position = this.#mayShow ? this.#publication.published : -1
          const stocks = position < 0 ? [] : query.names.map((name) => this.#view(name))
          if (position >= 0 && query.names.length === 0) lists.ask(query.query)
          else stream.send({ answer: { query: query.query, stocks, position, more: false } })
        }
      },
      closed: () => {
        lists.close()
        this.#sessions.detach(frontEndId, stream)
      },
    }
  }

  #view(name: string): StockView {
    const stock = this.#publication.stock(name)
    if (!stock) return { name, priceCents: 0, quantity: 0, volume: 0, cacheable: false, found: false }
    return { ...stock, cacheable: this.#publication.cacheable(name), found: true }
  }

  /** P1 for callers that cannot wait for ever. */
  async confirm(): Promise<Published> {
    const settled = this.#publication.whenSettled().then(() => true)
    const isSettled = await within(this.#runtime.clock, FOREIGN_DEADLINE_MS, settled, false)
    if (this.#mayShow) return { position: this.#publication.published }
    const why = isSettled ? this.#membership.refusal : 'no replica has confirmed yet what was published before the restart'
    throw new RpcError('UNAVAILABLE', why ?? 'try again')
  }

  readonly origin = (): Adoption => originOf({ ledger: this.#ledger, refusal: this.#refusal })
  readonly recall = (request: RecallRequest): Promise<Recalled> =>
    recall({ ledger: this.#ledger, refusal: this.#refusal, confirm: () => this.confirm() }, request)

  async lookup(name: string): Promise<LookupResult> {
    await this.confirm()
    const stock = this.#publication.stock(name)
    if (!stock) return { stockPrice: -1, stockQuantity: -1, priceCents: -1, position: this.#publication.published }
    const { priceCents, quantity } = stock
    return { stockPrice: priceCents / 100, stockQuantity: quantity, priceCents, position: this.#publication.published }
  }

  /** The contract's single call. It works without any order replica. */
  async trade(request: TradeStockName): Promise<TradeResult> {
    if (this.#refusal) throw new RpcError('UNAVAILABLE', this.#refusal)
    const { stockName: name, stockTradeQuantity: quantity, tradeType: type, key } = request
    const outcome = await this.#decideAlone(foreignRequest({ name, quantity, type, key }, this.#runtime.random))
    const wire = wireNumber(outcome)
    return outcome.kind === 'accepted' ? { resultTrade: 1, orderNum: wire } : { resultTrade: wire, orderNum: -1 }
  }

  async #decideAlone(request: OrderRequest): Promise<Outcome> {
    const { group, first } = await this.#decisions.decide([request])
    const outcome = group.outcomes[first]!
    const published = this.#leaders.size > 0 ? this.#publication.whenPublished(group.length) : this.#publishAlone(group.length)
    const done = published.then(() => true)
    if (await within(this.#runtime.clock, FOREIGN_DEADLINE_MS, done, false)) return outcome
    throw new RpcError('UNAVAILABLE', 'decided, but not published in time: the trade may have been placed')
  }

  /** S1 without a leader to push: every session ends first. */
  async #publishAlone(position: number): Promise<void> {
    await this.#sessions.endAll()
    this.#publication.publish(position)
    this.#ledger.notePublished(position)
  }

  async #writePublishedWhenIdle(): Promise<void> {
    let written = -1
    while (!this.#closing.signal.aborted) {
      await sleep(this.#runtime.clock, IDLE_MS, this.#closing.signal)
      const published = this.#publication.published
      if (published === written || !this.#decisions.idle || published < this.#ledger.head().length) continue
      await this.#ledger.flushPublished().catch((error: Error) => this.#runtime.halt(error))
      written = published
    }
  }

  /** On a full disk nothing is decided, while everything can still be looked up. */
  #diskChanged(trouble: string | undefined): void {
    this.#runtime.log.warn({ trouble: trouble ?? '' }, trouble === undefined ? 'the disk can be written to again' : 'nothing is decided')
    if (trouble !== undefined) for (const leader of this.#leaders) leader.end(trouble)
  }

  async #pruneRejections(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      // Without room nothing needs to be forgotten now.
      const before = this.#ledger.trouble() === undefined ? this.#retention.forgottenBeforeMs : 0
      if (before > 0) await this.#ledger.pruneRejections(before).catch((error: Error) => this.#runtime.halt(error))
      await sleep(this.#runtime.clock, PRUNE_INTERVAL_MS, this.#closing.signal)
    }
  }

  status(): CatalogueStatus {
    const { generation, genesis, length, digest } = this.#ledger.head()
    return {
      process: this.#runtime.usage(),
      clusterId: genesis.clusterId,
      generation,
      length,
      digest,
      published: this.#publication.published,
      sessions: this.#sessions.live(),
      batches: this.#decisions.batches,
      requests: this.#decisions.requests,
      state: this.#refusal ?? (this.#publication.settled ? 'open' : 'open, waiting for a leader'),
    }
  }
}
