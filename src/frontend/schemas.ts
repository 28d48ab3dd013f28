import Type from 'typebox'
import { LIMITS } from '../domain/limits.ts'

/** Schemas of the requests and answers of the HTTP interface. The OpenAPI page at /docs is made from them. */

const data = <T extends Type.TSchema>(schema: T) => Type.Object({ data: schema }, { description: 'Done.' })

const failure = (description: string) =>
  Type.Object(
    {
      error: Type.Object({
        code: Type.Integer(),
        message: Type.String(),
        idempotencyKey: Type.Optional(Type.String({ description: 'Repeat the order with this Idempotency-Key to learn its number.' })),
      }),
    },
    { description },
  )

const FAILURES = {
  400: failure('Refused: something about the request is not valid, or a rule is against it.'),
  404: failure('Refused: there is no such thing.'),
  413: failure('Refused: the body is too large.'),
  422: failure('Refused: the Idempotency-Key belongs to another order.'),
  503: failure('Not now: try again.'),
}

const StockBody = Type.Object({
  name: Type.String(),
  price: Type.Number({ description: 'Dollars, exact to the cent, always written with a decimal point: 20.0.' }),
  quantity: Type.Integer(),
})
const OrderBody = Type.Object({
  number: Type.Integer(),
  name: Type.String(),
  type: Type.String(),
  quantity: Type.Integer(),
})

const ListedStock = Type.Object({ ...StockBody.properties, volume: Type.Integer() })
const TimedOrder = Type.Object({
  ...OrderBody.properties,
  time: Type.String({ description: 'When it was decided, in ISO 8601.' }),
  timeMs: Type.Integer(),
  generation: Type.Integer(),
})
const text = () => Type.Optional(Type.String())

const PLACE = {
  summary: 'Place an order',
  description: 'With an Idempotency-Key the same request is safe to send again: it is placed once and answered the same.',
  headers: Type.Object({ 'idempotency-key': Type.Optional(Type.String()) }),
  body: Type.Object({
    name: Type.String({ description: 'Stock name, matched exactly.' }),
    quantity: Type.Unknown({ description: `Number of stocks, 1 to ${LIMITS.orderQuantityMax}.` }),
    type: Type.Unknown({ description: '"buy" or "sell".' }),
  }),
}

const failures = (...codes: (keyof typeof FAILURES)[]) => Object.fromEntries(codes.map((code) => [code, FAILURES[code]]))

export const SCHEMAS = {
  stock: {
    summary: 'One stock',
    params: Type.Object({ name: Type.String() }),
    response: { 200: data(StockBody), ...failures(404, 503) },
  },
  stocks: {
    summary: 'All stocks',
    response: {
      200: data(Type.Object({ stocks: Type.Array(ListedStock) })),
      ...failures(503),
    },
  },
  order: {
    summary: 'One order, by its number',
    params: Type.Object({ number: Type.String() }),
    response: { 200: data(OrderBody), ...failures(404, 503) },
  },
  orders: {
    summary: 'Orders with a number above `after`, in order',
    querystring: Type.Object({ after: Type.Optional(Type.String()), limit: Type.Optional(Type.String()) }),
    response: { 200: data(Type.Object({ orders: Type.Array(OrderBody) })), ...failures(400, 503) },
  },
  place: {
    ...PLACE,
    response: { 200: data(Type.Object({ transaction_number: Type.Integer() })), ...failures(400, 404, 413, 422, 503) },
  },
  dropped: {
    summary: 'Drop one stock from the cache',
    description: 'The push of a leader; `bazaar-order-number` is the highest order number that changed the stock.',
    headers: Type.Object({ 'bazaar-order-number': Type.Optional(Type.String()) }),
    params: Type.Object({ name: Type.String() }),
    querystring: Type.Object({ number: Type.Optional(Type.Unknown({ description: 'The same, from leaders of earlier versions.' })) }),
    response: { 200: data(Type.Object({})) },
  },
  leader: {
    summary: 'Who leads',
    response: { 200: data(Type.Object({ leader: Type.String() })), ...failures(503) },
  },
  status: { summary: 'All processes, as this front end sees them' },
  events: {
    summary: 'Each published order as it comes, and the state of everything, as server-sent events',
    querystring: Type.Object({ lastEventId: Type.Optional(Type.String({ description: 'Stands for the header Last-Event-ID.' })) }),
  },
  v1Stocks: {
    summary: 'Stocks, page by page',
    querystring: Type.Object({ search: text(), after: text(), limit: text() }),
    response: { 200: data(Type.Object({ stocks: Type.Array(ListedStock), next: text() })), ...failures(400, 503) },
  },
  v1Orders: {
    summary: 'Orders: the newest first, or those after a number in order, or the one with a key',
    querystring: Type.Object({ after: text(), before: text(), limit: text(), key: text() }),
    response: {
      200: data(Type.Object({ orders: Type.Array(TimedOrder), rejected: Type.Optional(Type.Unknown()) })),
      ...failures(400, 503),
    },
  },
  v1Order: {
    summary: 'One order, by its number',
    params: Type.Object({ number: Type.String() }),
    response: { 200: data(TimedOrder), ...failures(404, 503) },
  },
  v1Status: { summary: 'How everything is, with the digests of all logs at one number' },
  v1Place: {
    ...PLACE,
    response: {
      200: data(Type.Object({ number: Type.Integer(), transaction_number: Type.Integer() })),
      ...failures(400, 404, 413, 422, 503),
    },
  },
  v1Batch: {
    summary: 'Place many orders, each as if it came alone',
    body: Type.Object({ orders: Type.Array(Type.Unknown({ description: 'An order, with its own `key` if it has one.' })) }),
    response: { 200: data(Type.Object({ results: Type.Array(Type.Unknown()) })), ...failures(400, 413) },
  },
} as const
