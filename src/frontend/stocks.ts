import { isStockName } from '../domain/stock.ts'
import { nextTurn, sleep, within } from '../runtime/clock.ts'
import { PATIENT_ASKER, type Asker } from '../runtime/gate.ts'
import type { Runtime } from '../wire/runtime.ts'
import { SharedAnswer } from '../runtime/shared-answer.ts'
import type { StockAnswer, StockView } from '../wire/messages.ts'
import type { Latencies } from './live/recent-times.ts'
import { CLIENT_PATIENCE_MS, RETRY_MS } from './patience.ts'
import type { CatalogueSession } from './session.ts'
import type { StockCache } from './stock-cache.ts'
import { stockListJson } from './stock-list.ts'

const STOCK_TRY_MS = 1_000

/** The result of a lookup: the stock, or that there is none, or that nobody could be asked. */
export type StockFound =
  | { readonly kind: 'found'; readonly stock: StockView }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'unavailable' }

/** Looks stocks up in the cache, else at the catalogue. A lookup waits for the catalogue as long as an order does. */
export class Stocks {
  readonly #runtime: Runtime
  readonly #session: CatalogueSession
  readonly #cache: StockCache
  readonly #latencies: Latencies
  readonly #list: SharedAnswer<Buffer | undefined>
  readonly #views: SharedAnswer<readonly StockView[] | undefined>
  #gathering: { names: Set<string>; answer: Promise<StockAnswer | undefined> } | undefined

  constructor(runtime: Runtime, session: CatalogueSession, cache: StockCache, latencies: Latencies) {
    this.#runtime = runtime
    this.#session = session
    this.#cache = cache
    this.#latencies = latencies
    this.#list = new SharedAnswer(() => this.#askForAll())
    this.#views = new SharedAnswer(async () => (await this.#session.query([], CLIENT_PATIENCE_MS))?.stocks)
  }

  /** Returns the stock if the cache may answer now. */
  cached(name: string): StockView | undefined {
    const begunAt = this.#latencies.isWatched ? this.#runtime.clock.monotonicMs() : 0
    const stock = this.#cache.get(name, this.#session.isLiveForUse())
    if (stock && this.#latencies.isWatched) this.#latencies.add('hits', this.#runtime.clock.monotonicMs() - begunAt)
    return stock
  }

  async find(name: string, asker: Asker = PATIENT_ASKER): Promise<StockFound> {
    const cached = this.cached(name)
    if (cached) return { kind: 'found', stock: cached }
    if (!isStockName(name)) return { kind: 'not-found' } // No stock can have such a name.
    this.#cache.missed()
    const begunAt = this.#runtime.clock.monotonicMs()
    const answer = await this.#untilAnswered(() => this.#gather(name), asker)
    this.#latencies.add('misses', this.#runtime.clock.monotonicMs() - begunAt)
    const stock = answer?.stocks.find((view) => view.name === name)
    if (!stock) return { kind: 'unavailable' }
    return stock.found ? { kind: 'found', stock } : { kind: 'not-found' }
  }

  /**
   * Returns the answer that lists all stocks, as JSON. All who ask at the same time get the same one. Returns undefined when
   * the catalogue cannot be asked.
   */
  all(asker: Asker): Promise<Buffer | undefined> {
    return this.#untilAnswered(() => this.#list.get(), asker)
  }

  /** Returns all stocks. All who ask at the same time get the same. Undefined when the catalogue cannot be asked. */
  views(asker: Asker): Promise<readonly StockView[] | undefined> {
    return this.#untilAnswered(() => this.#views.get(), asker)
  }

  async #askForAll(): Promise<Buffer | undefined> {
    const answer = await this.#session.query([], CLIENT_PATIENCE_MS)
    return answer && stockListJson(this.#runtime.clock, answer.stocks)
  }

  /** Adds a name to the next query. Lookups of one turn of the event loop travel in one message. */
  #gather(name: string): Promise<StockAnswer | undefined> {
    if (!this.#gathering) {
      const names = new Set<string>()
      const answer = nextTurn(this.#runtime.clock).then(() => {
        this.#gathering = undefined
        return this.#ask([...names])
      })
      this.#gathering = { names, answer }
    }
    this.#gathering.names.add(name)
    return this.#gathering.answer
  }

  async #ask(names: readonly string[]): Promise<StockAnswer | undefined> {
    const ticket = this.#cache.ticket()
    const answer = await this.#session.query(names, STOCK_TRY_MS)
    if (answer) for (const view of answer.stocks) this.#cache.put(view, answer.position, ticket)
    return answer
  }

  async #untilAnswered<A>(ask: () => Promise<A | undefined>, asker: Asker): Promise<A | undefined> {
    const { clock } = this.#runtime
    const until = clock.monotonicMs() + CLIENT_PATIENCE_MS
    for (;;) {
      // A query that began for others may take longer than this caller has time.
      const answer = await within(clock, Math.max(0, until - clock.monotonicMs()), ask(), undefined)
      if (answer) return answer
      if (asker.isGone || clock.monotonicMs() + RETRY_MS >= until) return undefined
      await sleep(clock, RETRY_MS)
    }
  }
}
