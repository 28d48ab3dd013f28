import { LIMITS } from '../domain/limits.ts'
import type { StatusData } from '../http/types.ts'
import { Gate, PATIENT_ASKER, type Asker } from '../runtime/gate.ts'
import type { Runtime } from '../wire/runtime.ts'
import { SharedAnswer } from '../runtime/shared-answer.ts'
import { FrontEndKeys } from './idempotency-key.ts'
import { confirmPublished, recallKey, type Recalled } from './ledger-questions.ts'
import { Leadership, type LeaderWatcher } from './leadership.ts'
import { createLive } from './live/create-live.ts'
import type { Live } from './live/live.ts'
import { Latencies } from './live/recent-times.ts'
import { Stalls } from './live/stalls.ts'
import { Orders } from './orders.ts'
import type { LinkReceivers } from './replica-link.ts'
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
  readonly live: Live
  /** "host:port" of the leader, or undefined while there is none. */
  leaderAddress(): string | undefined
  /** Finds one order by number (limit 0), or up to `limit` orders from `number` on. Few listings are under way at once. */
  find(number: number, limit: number, asker?: Asker): Promise<OrdersFound>
  /** Returns the published length, as the catalogue confirms it; undefined when it cannot. */
  published(): Promise<number | undefined>
  /** Returns what is on record under a client's key: an order's number, or why the order was rejected. */
  recall(key: string): Promise<Recalled>
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
  const latencies = new Latencies()
  const stalls = new Stalls(runtime.clock)
  const orders = new Orders(runtime.clock, { latencies, stalls })
  const replicas = options.replicas.map((replica) => `${replica.id}=${replica.address}`)
  const session = new CatalogueSession(runtime, { frontEndId: id, catalogueAddress, caching, replicas }, cache)
  const feed: LinkReceivers['feed'] = { tailed: (link, tailed) => live.feed.tailed(link, tailed) }
  const watcher: LeaderWatcher = { led: (link, epoch) => story.led(link, epoch), leaderLost: (link) => story.leaderLost(link) }
  const identity = { frontEndId: id, system: session, replicas: options.replicas }
  const leadership = new Leadership(runtime, identity, { orders, cache, feed, watcher })
  const queries = new OrderQueries(runtime, leadership, catalogueAddress)
  let address: string | undefined
  const listings = new Gate(runtime.clock, { placesMax: LIMITS.frontEndListingsMax, waitingMax: LIMITS.frontEndWaitingQuestionsMax })
  const statuses = new SharedAnswer(() => gatherStatus(runtime, { address, catalogueAddress, caching, cache, session, orders, leadership }))
  const find: FrontEnd['find'] = async (number, limit, asker = PATIENT_ASKER) => {
    const begunAt = runtime.clock.monotonicMs()
    const ask = () => queries.find({ number, limit, asker, until: begunAt + CLIENT_PATIENCE_MS })
    if (limit > 0) return (await listings.run(asker, CLIENT_PATIENCE_MS, ask)) ?? { kind: 'unavailable', error: 'BUSY' }
    const found = await ask()
    latencies.add('queries', runtime.clock.monotonicMs() - begunAt)
    return found
  }
  const status = () => statuses.get()
  const confirmed = new SharedAnswer(() => confirmPublished(runtime.network, catalogueAddress))
  const { live, watcher: story } = createLive(runtime, {
    ...{ frontEndId: id, catalogueAddress, orders, cache, session, latencies, stalls, find, status },
  })
  return {
    id,
    keys: new FrontEndKeys(runtime.random, id),
    orders,
    stocks: new Stocks(runtime, session, cache, latencies),
    cache,
    live,
    leaderAddress: () => leadership.leader?.address,
    find,
    published: () => confirmed.get(),
    recall: (key) => recallKey(runtime.network, catalogueAddress, key),
    status,
    start: (ownAddress) => {
      address = ownAddress
      leadership.start()
      session.start(ownAddress)
    },
    close: () => {
      live.close()
      orders.close()
      session.close()
      leadership.close()
    },
  }
}
