import type { FastifyInstance, FastifyReply } from 'fastify'
import { LIMITS } from '../domain/limits.ts'
import type { Asker } from '../runtime/gate.ts'
import { beginEventStream } from '../runtime/event-stream.ts'
import type { JsonAnswer } from '../runtime/json-answer.ts'
import type { PlacedData, TimedOrderData, TimedOrderListData } from '../http/types.ts'
import type { Entry } from '../wire/messages.ts'
import type { FrontEnd } from './front-end.ts'
import { isOrder } from './direct-routes.ts'
import { parseKeyHeader } from './idempotency-key.ts'
import { askerOf, done, parseOrderNumber, place, refusal, refuse, send, type OrderBody } from './routes.ts'
import type { AllowedOrigin } from './origins.ts'
import { SCHEMAS } from './schemas.ts'
import { stockJson } from './stock-json.ts'

const PAGE_DEFAULT = 100

interface Query {
  readonly after?: string
  readonly before?: string
  readonly limit?: string
  readonly key?: string
  readonly search?: string
}

/** Adds the routes below /v1. */
export function addV1Routes(app: FastifyInstance, frontEnd: FrontEnd): void {
  app.get<{ Querystring: { lastEventId?: string } }>(
    '/v1/events',
    { schema: SCHEMAS.events, exposeHeadRoute: false },
    ({ headers, query }, reply) => {
      if (!frontEnd.live.hasRoom) return refuse(reply, 'BUSY')
      const own = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)] as const)
      const lastEventId = headers['last-event-id'] ?? query.lastEventId
      reply.hijack()
      frontEnd.live.join(beginEventStream(reply.raw, Object.fromEntries(own)), lastEventId === undefined ? undefined : String(lastEventId))
      return reply
    },
  )

  app.get<{ Querystring: Query }>('/v1/stocks', { schema: SCHEMAS.v1Stocks }, async ({ query, raw }, reply) =>
    send(reply, await listStocks(frontEnd, query, askerOf({ raw }))),
  )

  app.get<{ Querystring: Query }>('/v1/orders', { schema: SCHEMAS.v1Orders }, async ({ query, raw }, reply) =>
    send(reply, await listOrders(frontEnd, query, askerOf({ raw }))),
  )

  app.get<{ Params: { number: string } }>('/v1/orders/:number', { schema: SCHEMAS.v1Order }, async ({ params, raw }, reply) => {
    const number = parseOrderNumber(params.number)
    if (number === undefined) return refuse(reply, 'ORDER_NOT_FOUND')
    const found = await frontEnd.find(number, 0, askerOf({ raw }))
    const entry = found.kind === 'found' ? found.entries[0] : undefined
    if (entry) return send(reply, done(JSON.stringify(timedOrder(entry))))
    return refuse(reply, found.kind === 'unavailable' ? found.error : 'ORDER_NOT_FOUND')
  })

  app.get('/v1/status', { schema: SCHEMAS.v1Status }, async () => ({ data: await frontEnd.live.status() }))

  app.post<{ Body: OrderBody }>('/v1/orders', { schema: SCHEMAS.v1Place }, async ({ headers, body }, reply) =>
    send(reply, numbered(await place(frontEnd, headers['idempotency-key'], body))),
  )

  // Two colons stand for one: a single one would begin the name of a parameter.
  app.post<{ Body: { orders: readonly unknown[] } }>(
    '/v1/orders::batch',
    { schema: SCHEMAS.v1Batch, bodyLimit: LIMITS.batchBodyBytesMax },
    async ({ body }, reply) => {
      const { orders } = body
      if (orders.length < 1 || orders.length > LIMITS.batchOrdersMax) return refuse(reply, 'INVALID_BATCH')
      const results = await Promise.all(orders.map((order) => placeOne(frontEnd, order)))
      return send(reply, done(`{"results":[${results.join(',')}]}`))
    },
  )
}

/** Places one order of a batch. Returns its status, and what the answer to it alone would hold, as JSON. */
async function placeOne(frontEnd: FrontEnd, order: unknown): Promise<string> {
  const { status, json } = isOrder(order) ? numbered(await place(frontEnd, keyOf(order), order)) : refusal('INVALID_BODY')
  return `{"status":${status},${json.slice(1)}`
}

const keyOf = (order: OrderBody): unknown => ('key' in order ? order.key : undefined)

/** Gives the number of a placed order its name of this version, besides the one of the contract. */
function numbered(answer: JsonAnswer): JsonAnswer {
  if (answer.status !== 200) return answer
  const { data } = JSON.parse(answer.json) as { data: PlacedData }
  return { ...answer, json: JSON.stringify({ data: { number: data.transaction_number, ...data } }) }
}

async function listStocks(frontEnd: FrontEnd, { search = '', after, limit }: Query, asker: Asker): Promise<JsonAnswer> {
  const most = pageLimit(limit)
  if (most === undefined) return refusal('INVALID_LISTING')
  const all = await frontEnd.stocks.views(asker)
  if (!all) return refusal('UNAVAILABLE')
  const wanted = search.toLowerCase()
  const begin = after === undefined ? 0 : all.findIndex(({ name }) => name === after) + 1
  if (after !== undefined && begin === 0) return refusal('INVALID_LISTING')
  const found = all.slice(begin).filter(({ name }) => name.toLowerCase().includes(wanted))
  const page = found.slice(0, most)
  const next = found.length > most ? `,"next":${JSON.stringify(page.at(-1)!.name)}` : ''
  return done(`{"stocks":[${page.map((stock) => stockJson(stock, true)).join(',')}]${next}}`)
}

async function listOrders(frontEnd: FrontEnd, { after, before, limit, key }: Query, asker: Asker): Promise<JsonAnswer> {
  if (key !== undefined) return findByKey(frontEnd, key, asker)
  const most = pageLimit(limit)
  const from = after === undefined ? undefined : integerOf(after)
  const end = before === undefined ? Infinity : integerOf(before)
  const isBoth = after !== undefined && before !== undefined
  if (most === undefined || isBoth || end === undefined || end < 0 || (after !== undefined && (from ?? -2) < -1))
    return refusal('INVALID_LISTING')
  if (from !== undefined) return listed(await frontEnd.find(from + 1, most, asker), false)
  const published = await frontEnd.published()
  if (published === undefined) return refusal('UNAVAILABLE')
  const last = Math.min(end, published)
  const first = Math.max(0, last - most)
  return last === first ? listed({ kind: 'found', entries: [] }, true) : listed(await frontEnd.find(first, last - first, asker), true)
}

async function findByKey(frontEnd: FrontEnd, text: string, asker: Asker): Promise<JsonAnswer> {
  const key = parseKeyHeader(text)
  if (key === undefined) return refusal('INVALID_KEY')
  const recalled = await frontEnd.recall(key)
  if (recalled === 'unavailable') return refusal('UNAVAILABLE')
  if (recalled === 'none') return listed({ kind: 'found', entries: [] }, true)
  if (typeof recalled === 'number') return listed(await frontEnd.find(recalled, 0, asker), true)
  const { error } = JSON.parse(refusal(recalled).json) as { error: object }
  return done(JSON.stringify({ orders: [], rejected: error }))
}

function listed(found: Awaited<ReturnType<FrontEnd['find']>>, isNewestFirst: boolean): JsonAnswer {
  if (found.kind !== 'found') return refusal(found.kind === 'unavailable' ? found.error : 'UNAVAILABLE')
  const orders = found.entries.map(timedOrder)
  const data: TimedOrderListData = { orders: isNewestFirst ? orders.reverse() : orders }
  return done(JSON.stringify(data))
}

const timedOrder = ({ number, name, type, quantity, timeMs, generation }: Entry): TimedOrderData => ({
  ...{ number, name, type, quantity },
  time: new Date(timeMs).toISOString(),
  ...{ timeMs, generation },
})

function pageLimit(text: string | undefined): number | undefined {
  const limit = text === undefined ? PAGE_DEFAULT : integerOf(text)
  return limit !== undefined && limit >= 1 && limit <= LIMITS.listingMax ? limit : undefined
}

/** Returns the integer that a text holds; undefined when it holds none. */
const integerOf = (text: string): number | undefined => {
  const number = /^-?[0-9]{1,16}$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(number) ? number : undefined
}

/** Lets pages of some origins use the routes below /v1. */
export function allowOrigins(app: FastifyInstance, isAllowed: AllowedOrigin): void {
  app.addHook('onRequest', (request, reply, next) => {
    const { origin } = request.headers
    if (origin === undefined || !request.url.startsWith('/v1/')) return next()
    reply.header('Vary', 'Origin')
    if (!isAllowed(origin)) return next()
    reply.header('Access-Control-Allow-Origin', origin).header('Access-Control-Expose-Headers', 'Idempotency-Replayed, Retry-After')
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
    if (isPreflight) void preflight(reply)
    else next()
  })
}

const preflight = (reply: FastifyReply): FastifyReply =>
  reply
    .code(204)
    .header('Access-Control-Allow-Methods', 'GET, HEAD, POST')
    .header('Access-Control-Allow-Headers', 'Content-Type, Idempotency-Key, Last-Event-ID')
    .header('Access-Control-Max-Age', '600')
    .send()
