import { LIMITS } from '../domain/limits.ts'
import type { StatusData } from '../http/types.ts'
import { Gate, PATIENT_ASKER, type Asker } from '../runtime/gate.ts'
import type { Runtime } from '../wire/runtime.ts'
import { SharedAnswer } from '../runtime/shared-answer.ts'
import { FrontEndKeys } from './idempotency-key.ts'
import { Leadership } from './leadership.ts'
import { Orders } from './orders.ts'
import { OrderQueries, type OrdersFound } from './queries.ts'
import { CLIENT_PATIENCE_MS } from './patience.ts'
import { CatalogueSession } from './session.ts'
import { gatherStatus } from './status.ts'
import { StockCache } from './stock-cache.ts'
import { Stocks } from './stocks.ts'

export interface FrontEndCoreOptions {
  readonly replicas: readonly { readonly id: number; readonly address: string }[]
  readonly catalogueAddress: string
  readonly caching: boolean
  /** Capacity of the cache. */
  readonly cacheStocksMax: number
}

/** A front end without its HTTP server. It has everything that a request can ask for. */
export interface FrontEnd {
  readonly id: string
  readonly keys: FrontEndKeys
  readonly orders: Orders
  readonly stocks: Stocks
  readonly cache: StockCache
  /** "host:port" of the leader, or undefined while there is none. */
  leaderAddress(): string | undefined
  /** Finds one order by number (limit 0), or up to `limit` orders from `number` on. Few listings are under way at once. */
  find(number: number, limit: number, asker?: Asker): Promise<OrdersFound>
  /** Asks every process for its state, once for all who ask at the same time. */
  status(): Promise<StatusData>
  /** Begins to look for a leader and for the catalogue. Leaders reach this front end by HTTP at `address`, "host:port". */
  start(address: string): void
  /** Gives up what is under way and lets go of every connection. */
  close(): void
}

export function createFrontEnd(runtime: Runtime, options: FrontEndCoreOptions): FrontEnd {
  const { catalogueAddress, caching } = options
  const id = runtime.random.id(8)
  const cache = new StockCache(options.cacheStocksMax)
  const orders = new Orders(runtime.clock)
  const replicas = options.replicas.map((replica) => `${replica.id}=${replica.address}`)
  const session = new CatalogueSession(runtime, { frontEndId: id, catalogueAddress, caching, replicas }, cache)
  const leadership = new Leadership(runtime, { frontEndId: id, system: session, replicas: options.replicas }, { orders, cache })
  const queries = new OrderQueries(runtime, leadership, catalogueAddress)
  let address: string | undefined
  const listings = new Gate(runtime.clock, { placesMax: LIMITS.frontEndListingsMax, waitingMax: LIMITS.frontEndWaitingQuestionsMax })
  const statuses = new SharedAnswer(() => gatherStatus(runtime, { address, catalogueAddress, caching, cache, session, orders, leadership }))
  return {
    id,
    keys: new FrontEndKeys(runtime.random, id),
    orders,
    stocks: new Stocks(runtime, session, cache),
    cache,
    leaderAddress: () => leadership.leader?.address,
    find: async (number, limit, asker = PATIENT_ASKER) => {
      const until = runtime.clock.monotonicMs() + CLIENT_PATIENCE_MS
      const find = () => queries.find({ number, limit, asker, until })
      if (limit === 0) return find()
      return (await listings.run(asker, CLIENT_PATIENCE_MS, find)) ?? { kind: 'unavailable', error: 'BUSY' }
    },
    status: () => statuses.get(),
    start: (ownAddress) => {
      address = ownAddress
      leadership.start()
      session.start(ownAddress)
    },
    close: () => {
      orders.close()
      session.close()
      leadership.close()
    },
  }
}
