import type { OrderRequest, Outcome } from '../domain/order.ts'
import { sleep, within } from '../runtime/clock.ts'
import { RpcError, type MessageStream, type Services, type StreamHandlers } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Service } from '../runtime/service.ts'
import type {
  CatalogueStatus,
  CatalogueToFrontEnd,
  FrontEndToCatalogue,
  LeadHello,
  LookupResult,
  StockView,
  TradeResult,
  TradeStockName,
} from '../rpc/messages.ts'
import { foreignRequest, readEntries } from '../rpc/single-calls.ts'
import { wireNumber } from '../rpc/outcome-codes.ts'
import type { DecidedBatch, Ledger } from '../storage/ledger.ts'
import { Decisions } from './decisions.ts'
import { LeaderStream, type LeaderStreamContext } from './leader-stream.ts'
import { Publication } from './publication.ts'
import { sealReplicas } from './seal.ts'
import { Sessions } from './sessions.ts'

/** A foreign caller's wait for something to be published. */
const FOREIGN_DEADLINE_MS = 3_000
/** How long nothing is decided before the published position is written on its own. */
const IDLE_MS = 100
const PRUNE_INTERVAL_MS = 60 * 60 * 1000
const REJECTION_RETENTION_MS = 48 * 60 * 60 * 1000

export interface CatalogueOptions {
  /** gRPC port; 0 chooses a free one. */
  readonly port: number
  readonly ledger: Ledger
  /** Addresses of replicas to seal at the start, besides those the ledger remembers. */
  readonly replicas: readonly string[]
  readonly leaseMs: number
}

/**
 * Starts the catalogue: raises its generation, seals the replicas it can reach, waits until every session of an earlier
 * run has lapsed, and only then decides.
 */
export async function startCatalogue(runtime: Runtime, options: CatalogueOptions): Promise<Service> {
  const { ledger } = options
  const generation = await ledger.raiseGeneration()
  const { length, publishedAtLeast } = ledger.head()
  const pending = await ledger.entries(publishedAtLeast, length - publishedAtLeast)
  const catalogue = new Catalogue(runtime, options, new Publication(await ledger.stocks(), length, pending))
  const server = await runtime.network.serve(options.port, catalogue.services())
  runtime.log.info({ port: server.port, generation, length, unpublished: pending.length }, 'catalogue listens')
  await catalogue.open()
  return {
    close: async (graceMs) => {
      await server.close(graceMs)
      await catalogue.close()
    },
  }
}

class Catalogue {
  readonly #runtime: Runtime
  readonly #options: CatalogueOptions
  readonly #ledger: Ledger
  readonly #publication: Publication
  readonly #sessions: Sessions
  readonly #decisions: Decisions
  readonly #leaders = new Set<LeaderStream>()
  readonly #closing = new AbortController()
  #refusal: string | undefined = 'the catalogue is starting'

  constructor(runtime: Runtime, options: CatalogueOptions, publication: Publication) {
    this.#runtime = runtime
    this.#options = options
    this.#ledger = options.ledger
    this.#publication = publication
    this.#sessions = new Sessions(runtime.clock, options.leaseMs)
    this.#decisions = new Decisions(options.ledger, runtime.clock, (group, callers) => this.#decided(group, callers))
  }

  /** Makes the start safe, then opens for trade. */
  async open(): Promise<void> {
    const { clock, log } = this.#runtime
    const known = await this.#ledger.knownReplicas()
    const addresses = [...new Set([...this.#options.replicas, ...known.map((replica) => replica.address)])]
    const [longer] = await Promise.all([sealReplicas(this.#runtime, this.#ledger.head(), addresses), sleep(clock, this.#options.leaseMs)])
    // Without any replica there is nobody who could publish what an earlier run left.
    if (addresses.length === 0) this.#publication.publish(this.#ledger.head().length)
    this.#refusal = longer
    if (longer) log.error({ reason: longer }, 'the catalogue refuses to trade')
    else log.info({ sealed: addresses }, 'open for trade')
    void this.#writePublishedWhenIdle()
    void this.#pruneRejections()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#ledger.flushPublished()
    await this.#ledger.close()
  }

  services(): Services {
    return {
      unary: {
        'Catalog.Lookup': ({ stockName }) => this.#lookup(stockName),
        'Catalog.Trade': (request) => this.#tradeAlone(request),
        'Catalog.Read': (request) => readEntries(this.#ledger, request),
        'Catalog.Status': () => Promise.resolve(this.#status()),
      },
      serverStreams: {},
      streams: {
        'Catalog.Lead': (stream) => new LeaderStream(this.#leaderContext(), stream),
        'Catalog.Session': (stream) => this.#session(stream),
      },
    }
  }

  #leaderContext(): LeaderStreamContext {
    return {
      ledger: this.#ledger,
      decisions: this.#decisions,
      publication: this.#publication,
      sessions: this.#sessions,
      log: this.#runtime.log,
      refusal: () => this.#refusal,
      halt: (reason) => this.#runtime.halt(reason),
      attached: (leader, hello) => this.#attached(leader, hello),
      detached: (leader) => this.#leaders.delete(leader),
      published: () => this.#ledger.notePublished(this.#publication.published),
    }
  }

  #attached(leader: LeaderStream, hello: LeadHello): void {
    this.#leaders.add(leader)
    this.#remember(hello.address, hello.replicaId)
  }

  #remember(address: string, replicaId: number): void {
    this.#ledger.rememberReplica({ address, replicaId }).catch((error: Error) => this.#runtime.halt(error))
  }

  /** A leader that asked gets the entries with its outcomes; the others get them on their own. */
  #decided(group: DecidedBatch, callers: ReadonlySet<object | undefined>): void {
    this.#publication.addDecided(group.entries)
    for (const leader of this.#leaders) if (!callers.has(leader)) leader.carry(group)
  }

  #session(stream: MessageStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> {
    let frontEndId = ''
    return {
      message: ({ hello, renew, query, ended }) => {
        if (hello) {
          frontEndId = hello.frontEndId
          this.#sessions.attach(hello, stream)
          for (const replica of hello.replicas) {
            const [id, address] = replica.split('=') as [string, string]
            this.#remember(address, Number(id))
          }
        }
        if (renew) this.#sessions.renew(frontEndId, renew.ask)
        if (ended) this.#sessions.ended(frontEndId)
        if (query) {
          const position = this.#publication.settled ? this.#publication.published : -1
          const names = query.names.length > 0 ? query.names : this.#publication.stocks().map((stock) => stock.name)
          const stocks = position < 0 ? [] : names.map((name) => this.#view(name))
          stream.send({ answer: { query: query.query, stocks, position } })
        }
      },
      closed: () => this.#sessions.detach(frontEndId, stream),
    }
  }

  #view(name: string): StockView {
    const stock = this.#publication.stock(name)
    if (!stock) return { name, priceCents: 0, quantity: 0, volume: 0, cacheable: false, found: false }
    return { ...stock, cacheable: this.#publication.cacheable(name), found: true }
  }

  async #lookup(name: string): Promise<LookupResult> {
    const settled = this.#publication.whenSettled().then(() => true)
    if (!(await within(this.#runtime.clock, FOREIGN_DEADLINE_MS, settled, false))) {
      throw new RpcError('UNAVAILABLE', 'no replica has confirmed yet what was published before the restart')
    }
    const stock = this.#publication.stock(name)
    if (!stock) return { stockPrice: -1, stockQuantity: -1, priceCents: -1, position: this.#publication.published }
    const { priceCents, quantity } = stock
    return { stockPrice: priceCents / 100, stockQuantity: quantity, priceCents, position: this.#publication.published }
  }

  /** The contract's single call. It works without any order replica. */
  async #tradeAlone(request: TradeStockName): Promise<TradeResult> {
    if (this.#refusal) throw new RpcError('FAILED_PRECONDITION', this.#refusal)
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

  async #pruneRejections(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const before = this.#runtime.clock.wallMs() - REJECTION_RETENTION_MS
      await this.#ledger.pruneRejections(before).catch((error: Error) => this.#runtime.halt(error))
      await sleep(this.#runtime.clock, PRUNE_INTERVAL_MS, this.#closing.signal)
    }
  }

  #status(): CatalogueStatus {
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
