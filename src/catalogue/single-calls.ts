import type { Outcome } from '../domain/order.ts'
import { within } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import { LogReads } from '../wire/log-reads.ts'
import type {
  Adoption,
  CatalogueStatus,
  Entries,
  LookupResult,
  Published,
  ReadRequest,
  Recalled,
  RecallRequest,
  TradeResult,
  TradeStockName,
} from '../wire/messages.ts'
import { foreignRequest } from '../wire/order-requests.ts'
import { wireNumber } from '../wire/outcome-codes.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Decisions } from './decisions.ts'
import type { Leaders } from './leaders.ts'
import type { Membership } from './membership.ts'
import type { CatalogueCalls } from './opening.ts'
import { publishAlone, type PublishingWorld } from './publishing.ts'
import type { Readiness } from './readiness.ts'
import { originOf, recall } from './recall.ts'
import type { ShownStocks } from './shown-stocks.ts'

/** How long a foreign caller waits for an entry to be published. */
const FOREIGN_DEADLINE_MS = 3_000

/** The parts of the catalogue that single calls use. */
export interface SingleCallsWorld extends PublishingWorld {
  readonly decisions: Decisions
  readonly membership: Membership
  readonly readiness: Readiness
  readonly leaders: Leaders
  readonly stocks: ShownStocks
}

/** The single calls: those of the contract, and those of our own processes. */
export class SingleCalls implements CatalogueCalls {
  readonly #runtime: Runtime
  readonly #world: SingleCallsWorld
  readonly #reads: LogReads

  constructor(runtime: Runtime, world: SingleCallsWorld) {
    this.#runtime = runtime
    this.#world = world
    this.#reads = new LogReads(runtime.clock, world.ledger)
  }

  read(request: ReadRequest, asker: Asker): Promise<Entries> {
    return this.#reads.read(request, asker)
  }

  /** Confirms the published length (P1) for callers that cannot wait for ever. */
  async confirm(): Promise<Published> {
    const { publication, readiness, membership } = this.#world
    const settled = publication.whenSettled().then(() => true)
    const isSettled = await within(this.#runtime.clock, FOREIGN_DEADLINE_MS, settled, false)
    if (readiness.mayShow) return { position: publication.published }
    const why = isSettled ? membership.refusal : 'no replica has confirmed yet what was published before the restart'
    throw new RpcError('UNAVAILABLE', why ?? 'try again')
  }

  async lookup(name: string): Promise<LookupResult> {
    await this.confirm()
    return this.#world.stocks.lookup(name)
  }

  /** The contract's single call. It works without any order replica. */
  async trade(request: TradeStockName): Promise<TradeResult> {
    const { refusal } = this.#world.readiness
    if (refusal !== undefined) throw new RpcError('UNAVAILABLE', refusal)
    const { stockName: name, stockTradeQuantity: quantity, tradeType: type, key } = request
    const outcome = await this.#decide({ name, quantity, type, key })
    const wire = wireNumber(outcome)
    return outcome.kind === 'accepted' ? { resultTrade: 1, orderNum: wire } : { resultTrade: wire, orderNum: -1 }
  }

  origin(): Adoption {
    return originOf({ ledger: this.#world.ledger, refusal: this.#world.readiness.refusal })
  }

  recall(request: RecallRequest): Promise<Recalled> {
    const { ledger, readiness } = this.#world
    return recall({ ledger, refusal: readiness.refusal, confirm: () => this.confirm() }, request)
  }

  status(): CatalogueStatus {
    const { ledger, publication, sessions, decisions, readiness } = this.#world
    const { generation, genesis, length, digest } = ledger.head()
    return {
      process: this.#runtime.usage(),
      clusterId: genesis.clusterId,
      ...{ generation, length, digest },
      published: publication.published,
      sessions: sessions.live(),
      batches: decisions.batches,
      requests: decisions.requests,
      state: readiness.state,
    }
  }

  async #decide(order: Parameters<typeof foreignRequest>[0]): Promise<Outcome> {
    const { decisions, leaders, publication } = this.#world
    const { group, first } = await decisions.decide([foreignRequest(order, this.#runtime.random)])
    const outcome = group.outcomes[first]!
    const published = leaders.isEmpty ? publishAlone(this.#world, group.length) : publication.whenPublished(group.length)
    const done = published.then(() => true)
    if (await within(this.#runtime.clock, FOREIGN_DEADLINE_MS, done, false)) return outcome
    throw new RpcError('UNAVAILABLE', 'decided, but not published in time: the trade may have been placed')
  }
}
