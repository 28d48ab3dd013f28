import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { LIMITS } from '../domain/limits.ts'
import { sleep } from '../runtime/clock.ts'
import { httpServer, listen } from '../runtime/http-server.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Service } from '../runtime/service.ts'
import { addErrorHandling } from './errors.ts'
import { FrontEndKeys } from './idempotency-key.ts'
import { Leadership } from './leadership.ts'
import { Orders } from './orders.ts'
import { findOrders } from './queries.ts'
import { addRoutes } from './routes.ts'
import { CatalogueSession } from './session.ts'
import { gatherStatus } from './status.ts'
import { StockCache } from './stock-cache.ts'
import { Stocks } from './stocks.ts'

export interface FrontEndOptions {
  /** HTTP port; 0 chooses a free one. */
  readonly port: number
  /** Interface to listen on. */
  readonly host: string
  readonly replicas: readonly { readonly id: number; readonly address: string }[]
  readonly catalogueAddress: string
  readonly caching: boolean
  /** Capacity of the cache. */
  readonly cacheStocksMax: number
  /** "host:port" under which the order replicas reach this front end. */
  readonly advertisedAddress?: string
}

/** Starts a front end: listens at once, and goes on looking for a leader and the catalogue until they are there. */
export async function startFrontEnd(runtime: Runtime, options: FrontEndOptions): Promise<Service> {
  const { clock } = runtime
  const id = runtime.random.id(8)
  const app = httpServer({ bodyBytesMax: LIMITS.requestBodyBytesMax, parameterCharactersMax: 4 * LIMITS.stockNameBytesMax })
  await app.register(fastifySwagger, { openapi: { info: { title: 'Stock Bazaar', version: '1' } } })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })

  const cache = new StockCache(options.cacheStocksMax)
  const orders: Orders = new Orders(clock, () => leadership.leader, (link) => leadership.refused(link))
  const leadership = new Leadership(runtime, options.replicas, id, {
    led: () => orders.led(),
    lost: (link) => orders.lost(link),
    outcomes: (outcomes) => orders.settle(outcomes),
    invalidate: ({ names, number }) => cache.invalidate(names, number),
  })
  const { catalogueAddress, caching } = options
  const replicas = options.replicas.map((replica) => `${replica.id}=${replica.address}`)
  const session = new CatalogueSession(runtime, { frontEndId: id, catalogueAddress, caching, replicas }, cache)

  let address = ''
  addErrorHandling(app, runtime.log)
  addRoutes(app, {
    id,
    keys: new FrontEndKeys(id),
    orders,
    stocks: new Stocks(runtime, session, cache),
    cache,
    leaderAddress: () => leadership.leader?.address,
    find: (number, limit) => findOrders(runtime, leadership, number, limit),
    status: () => gatherStatus(runtime, { address, catalogueAddress, caching, cache, session, orders, leadership }),
  })
  const port = await listen(app, options.host, options.port)
  address = options.advertisedAddress ?? `127.0.0.1:${port}`
  leadership.start()
  session.start(address)
  runtime.log.info({ port, id, replicas, catalogue: catalogueAddress, caching }, 'front end listens')
  return {
    close: async (graceMs) => {
      await Promise.race([app.close(), sleep(clock, graceMs)])
      orders.close()
      session.close()
      leadership.close()
    },
  }
}
