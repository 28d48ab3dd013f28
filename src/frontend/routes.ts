import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ERRORS, type ErrorName } from '../domain/errors.ts'
import { LIMITS } from '../domain/limits.ts'
import type { Outcome } from '../domain/order.ts'
import { isStockName } from '../domain/stock.ts'
import type { Asker } from '../runtime/gate.ts'
import { JSON_TYPE, type JsonAnswer } from '../runtime/json-answer.ts'
import type { ErrorBody, LeaderData, OrderData, OrderListData, PlacedData } from '../http/types.ts'
import { REJECTION_ERRORS } from '../wire/outcome-codes.ts'
import { FRONT_END_HEADER, ORDER_NUMBER_HEADER } from '../wire/push-headers.ts'
import { fingerprintOf, possibleQuantity, possibleType } from '../wire/order-requests.ts'
import type { Entry, StockView } from '../wire/messages.ts'
import type { FrontEnd } from './front-end.ts'
import { parseKeyHeader, recordedKey } from './idempotency-key.ts'
import { SCHEMAS } from './schemas.ts'
import { stockJson } from './stock-json.ts'

const RETRY_AFTER_SECONDS = '1'
const LISTING_DEFAULT = 100

export interface OrderBody {
  readonly name: string
  readonly quantity: unknown
  readonly type: unknown
}

/** Adds every route of the contract, and our own. */
export function addRoutes(app: FastifyInstance, frontEnd: FrontEnd): void {
  app.get<{ Params: { name: string } }>('/stocks/:name', { schema: SCHEMAS.stock }, async (request, reply) =>
    send(reply, await lookUpStock(frontEnd, request.params.name, askerOf(request))),
  )

  app.get('/stocks', { schema: SCHEMAS.stocks }, async (request, reply) => {
    const json = await frontEnd.stocks.all(askerOf(request))
    return json ? reply.type(JSON_TYPE).send(json) : refuse(reply, 'UNAVAILABLE')
  })

  app.get<{ Params: { number: string } }>('/orders/:number', { schema: SCHEMAS.order }, async (request, reply) =>
    send(reply, await lookUpOrder(frontEnd, request.params.number, askerOf(request))),
  )

  app.get<{ Querystring: { after?: string; limit?: string } }>('/orders', { schema: SCHEMAS.orders }, async (request, reply) => {
    const { query } = request
    const after = query.after === undefined ? -1 : Number(query.after || NaN)
    const limit = query.limit === undefined ? LISTING_DEFAULT : Number(query.limit || NaN)
    const valid = Number.isSafeInteger(after) && after >= -1 && Number.isInteger(limit) && limit >= 1
    if (!valid || limit > LIMITS.listingMax) return refuse(reply, 'INVALID_LISTING')
    const found = await frontEnd.find(after + 1, limit, askerOf(request))
    if (found.kind !== 'found') return refuse(reply, found.kind === 'unavailable' ? found.error : 'UNAVAILABLE')
    const data: OrderListData = { orders: found.entries.map(orderData) }
    return { data }
  })

  app.post<{ Body: OrderBody }>('/orders', { schema: SCHEMAS.place }, async (request, reply) =>
    send(reply, await place(frontEnd, request.headers['idempotency-key'], request.body)),
  )

  app.get<{ Params: { name: string }; Querystring: { number?: unknown } }>(
    '/cache/:name',
    { schema: SCHEMAS.dropped },
    async ({ params, query, headers }, reply) => {
      reply.header(FRONT_END_HEADER, frontEnd.id)
      // Leaders of earlier versions name the number in the query.
      const number = parseOrderNumber(`${headers[ORDER_NUMBER_HEADER] ?? query.number}`)
      if (number === undefined) frontEnd.cache.drop(params.name)
      else frontEnd.cache.invalidate([params.name], number)
      return { data: {} }
    },
  )

  for (const path of ['/leader', '/leader/:address']) {
    app.get(path, { schema: SCHEMAS.leader }, async (_request, reply) => {
      reply.header(FRONT_END_HEADER, frontEnd.id)
      const leader = frontEnd.leaderAddress()
      if (leader === undefined) return refuse(reply, 'NO_LEADER')
      const data: LeaderData = { leader }
      return { data }
    })
  }

  app.get('/status', { schema: SCHEMAS.status }, async () => ({ data: await frontEnd.status() }))
}

/** Looks up one stock, in the cache or at the catalogue. */
export async function lookUpStock(frontEnd: FrontEnd, name: string, asker: Asker): Promise<JsonAnswer> {
  const found = await frontEnd.stocks.find(name, asker)
  if (found.kind === 'found') return stockFound(found.stock)
  return refusal(found.kind === 'not-found' ? 'STOCK_NOT_FOUND' : 'UNAVAILABLE')
}

/** Looks up one order by its number, as the path has it. */
export async function lookUpOrder(frontEnd: FrontEnd, numberText: string, asker: Asker): Promise<JsonAnswer> {
  const number = parseOrderNumber(numberText)
  if (number === undefined) return refusal('ORDER_NOT_FOUND')
  const found = await frontEnd.find(number, 0, asker)
  const entry = found.kind === 'found' ? found.entries[0] : undefined
  if (entry) return done(JSON.stringify(orderData(entry)))
  return refusal(found.kind === 'unavailable' ? found.error : 'ORDER_NOT_FOUND')
}

/** Places one order: turns the client's words into a request, and the catalogue's decision into an answer. */
export async function place(frontEnd: FrontEnd, keyHeader: unknown, { name, quantity, type }: OrderBody): Promise<JsonAnswer> {
  const key = keyHeader === undefined ? frontEnd.keys.next() : parseKeyHeader(String(keyHeader))
  if (key === undefined) return refusal('INVALID_KEY')
  // No stock can have such a name, so this answer never changes and needs no record.
  if (!isStockName(name)) return refusal('STOCK_NOT_FOUND')
  const placed = await frontEnd.orders.place({
    key: recordedKey(key),
    fingerprint: fingerprintOf(name, type, quantity),
    name,
    type: possibleType(type),
    quantity: possibleQuantity(quantity),
  })
  if (placed.kind === 'decided') return answer(placed.outcome)
  const mayBePlaced = placed.error === 'MAY_HAVE_BEEN_PLACED' || placed.error === 'FATE_UNKNOWN'
  return refusal(placed.error, mayBePlaced ? key : undefined)
}

function answer(outcome: Outcome): JsonAnswer {
  if (outcome.kind === 'key-reused') return refusal('KEY_REUSED')
  const decided = outcome.kind === 'rejected' ? refusal(REJECTION_ERRORS[outcome.reason]) : accepted(outcome.number)
  return outcome.replayed ? { ...decided, headers: { ...decided.headers, 'Idempotency-Replayed': 'true' } } : decided
}

function accepted(number: number): JsonAnswer {
  const data: PlacedData = { transaction_number: number }
  return done(JSON.stringify(data))
}

/** Returns the answer to a lookup that found a stock. */
export const stockFound = (stock: StockView): JsonAnswer => done(stockJson(stock, false))

/** Returns the answer that holds these data. */
export const done = (dataJson: string): JsonAnswer => ({ status: 200, headers: {}, json: `{"data":${dataJson}}` })

/** Returns the answer for one row of the error table. */
export function refusal(name: ErrorName, idempotencyKey?: string): JsonAnswer {
  const { status, code, message } = ERRORS[name]
  const body: ErrorBody = { error: { code, message, ...(idempotencyKey !== undefined && { idempotencyKey }) } }
  return { status, headers: status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}, json: JSON.stringify(body) }
}

/**
 * Returns the client of a request. A client that has ended its side counts as gone: it gets an answer that is ready, but none
 * that would have to be waited for.
 */
export function askerOf({ raw: { socket } }: Pick<FastifyRequest, 'raw'>): Asker {
  return {
    get isGone() {
      return socket.destroyed || socket.readableEnded
    },
  }
}

/** Sends one row of the error table. */
export const refuse = (reply: FastifyReply, name: ErrorName): FastifyReply => send(reply, refusal(name))

/** Sends an answer. */
export const send = (reply: FastifyReply, { status, headers, json }: JsonAnswer): FastifyReply =>
  reply.code(status).headers(headers).type(JSON_TYPE).send(json)

/** Returns the order number that a text holds; undefined when it holds none. */
export const parseOrderNumber = (text: string): number | undefined => {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(number) ? number : undefined
}

const orderData = ({ number, name, type, quantity }: Entry): OrderData => ({ number, name, type, quantity })
