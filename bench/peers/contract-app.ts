import type { FastifyInstance, FastifyReply } from 'fastify'
import { LIMITS } from '../../src/domain/limits.ts'
import { ERRORS } from '../../src/domain/errors.ts'
import { SCHEMAS } from '../../src/frontend/schemas.ts'
import type { StockData } from '../../src/http/types.ts'
import type { DirectRoutes } from '../../src/runtime/direct-connection.ts'
import { httpServer } from '../../src/runtime/http-server.ts'
import type { OrderBody, Refusal } from './market.ts'

/** The part that answers orders and lookups behind the HTTP interface. */
export interface Market {
  /** Returns the order's number, or why it was refused. */
  place(body: OrderBody): Promise<number | Refusal> | number | Refusal
  find(name: string): Promise<StockData | undefined> | StockData | undefined
}

/**
 * Makes a fastify server with the settings, the JSON schemas and the answers of the bazaar's front end. The front end answers
 * nearly all requests by direct routes, past the framework. A peer does so only when it gives `directRoutes`.
 */
export function contractApp(market: Market, directRoutes?: DirectRoutes): FastifyInstance {
  const app = httpServer({
    bodyBytesMax: LIMITS.requestBodyBytesMax,
    parameterCharactersMax: 4 * LIMITS.stockNameBytesMax,
    ...(directRoutes && { directRoutes }),
    refusePath: (_error, reply) => void reply.code(400).send(),
    answerToBroken: () => ({ status: 400, headers: {}, json: '{}' }),
  })
  app.post<{ Body: OrderBody }>('/orders', { schema: SCHEMAS.place }, async ({ body }, reply) => {
    const placed = await market.place(body)
    return typeof placed === 'number' ? { data: { transaction_number: placed } } : refuse(reply, placed)
  })
  app.get<{ Params: { name: string } }>('/stocks/:name', { schema: SCHEMAS.stock }, async ({ params }, reply) => {
    const stock = await market.find(params.name)
    return stock ? { data: stock } : refuse(reply, 'STOCK_NOT_FOUND')
  })
  return app
}

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, code, message } = ERRORS[refusal]
  return reply.code(status).send({ error: { code, message } })
}
