import { LIMITS } from '../../src/domain/limits.ts'
import { isOrder, parseBody } from '../../src/frontend/direct-routes.ts'
import { refusal } from '../../src/frontend/routes.ts'
import type { DirectRoutes } from '../../src/runtime/direct-connection.ts'
import type { JsonAnswer } from '../../src/runtime/json-answer.ts'
import { stocksOf } from '../load/stocks.ts'
import { contractApp } from './contract-app.ts'
import { MemoryMarket } from './market.ts'
import { announce } from './server-process.ts'

/** A server that works like the bazaar's front end: orders and lookups right from the socket, everything else through fastify. */

const STOCKS = '/stocks/'
const market = new MemoryMarket(stocksOf(process.argv[2]))

const routes: DirectRoutes = {
  bodyBytesMax: LIMITS.requestBodyBytesMax,
  answer: ({ method, path, body }) => {
    if (method === 'POST') return path === '/orders' ? place(body) : undefined
    return path.startsWith(STOCKS) ? lookUp(path.slice(STOCKS.length)) : undefined
  },
}

function place(text: string): JsonAnswer {
  const body = parseBody(text)
  if (!isOrder(body)) return refusal('INVALID_BODY')
  const placed = market.place(body)
  return typeof placed === 'number' ? found({ transaction_number: placed }) : refusal(placed)
}

function lookUp(name: string): JsonAnswer {
  const stock = market.find(name)
  return stock ? found(stock) : refusal('STOCK_NOT_FOUND')
}

const found = (data: object): JsonAnswer => ({ status: 200, headers: {}, json: JSON.stringify({ data }) })

const app = contractApp(market, routes)
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
