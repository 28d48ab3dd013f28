import { Agent, request as httpRequest, type RequestOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import type { StockView } from '../wire/messages.ts'
import { PATIENT_ASKER } from '../runtime/gate.ts'
import { httpServer } from '../runtime/http-server.ts'
import type { Logger } from '../runtime/logger.ts'
import { directRoutes } from './direct-routes.ts'
import { addErrorHandling, answerToBroken, refusePath } from './errors.ts'
import type { FrontEnd } from './front-end.ts'
import { addRoutes } from './routes.ts'

const TESLA = { name: 'tesla', priceCents: 18_326, quantity: 7 } as StockView
let full = false

/** Takes orders of "tesla" and knows no other stock. An order of "bug" meets a bug. */
const frontEnd = {
  stocks: {
    cached: (name: string) => (name === 'tesla' ? TESLA : undefined),
    find: async (name: string) => (name === 'tesla' ? { kind: 'found', stock: TESLA } : { kind: 'not-found' }),
  },
  find: async (number: number) => {
    if (number === 8) return { kind: 'unavailable', error: 'NO_LEADER' }
    return { kind: 'found', entries: number === 7 ? [{ number, name: 'tesla', type: 'buy', quantity: 1, digest: '' }] : [] }
  },
  keys: { next: () => 'made-here' },
  orders: {
    get isFull() {
      return full
    },
    place: async ({ name, key }: OrderRequest) => {
      if (name === 'bug') throw new Error('a bug')
      if (name !== 'tesla') return { kind: 'unknown', error: 'MAY_HAVE_BEEN_PLACED' }
      return { kind: 'decided', outcome: { kind: 'accepted', number: 7, replayed: key === 'c:again' } }
    },
  },
} as unknown as FrontEnd

let reported = 0
const log = { error: () => (reported += 1) } as unknown as Logger
const app = httpServer({
  bodyBytesMax: LIMITS.requestBodyBytesMax,
  parameterCharactersMax: 1_024,
  refusePath,
  answerToBroken,
  directRoutes: directRoutes(frontEnd, log),
})
addErrorHandling(app, log)
addRoutes(app, frontEnd)

beforeAll(() => app.listen({ host: '127.0.0.1', port: 0 }))
afterAll(() => app.close())

const HOP_BY_HOP = ['date', 'connection', 'keep-alive']

/** Places an order. The framework answers it when the length of its body is not told beforehand. */
function post(body: string, framing: 'plain' | 'chunked', headers: Record<string, string> = {}): Promise<object> {
  const length = framing === 'plain' ? { 'content-length': Buffer.byteLength(body) } : { 'transfer-encoding': 'chunked' }
  return exchange({ method: 'POST', path: '/orders', headers: { ...length, ...headers } }, body)
}

function exchange(request: RequestOptions, body = ''): Promise<object> {
  return new Promise((resolve, reject) => {
    const { port } = app.server.address() as AddressInfo
    const sent = httpRequest({ port, ...request }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      const kept = Object.entries(response.headers).filter(([name]) => !HOP_BY_HOP.includes(name))
      resolve({ status: response.statusCode, headers: Object.fromEntries(kept), body: JSON.parse(text) })
    })
    sent.on('error', reject).end(body)
  })
}

const order = (members: object) => JSON.stringify({ name: 'tesla', quantity: 1, type: 'buy', ...members })

describe('an order that comes without the framework is answered like one that comes by it', () => {
  test.each([
    ['accepted', order({})],
    ['after a byte order mark', `\uFEFF${order({})}`],
    ['with more members', order({ more: [1], constructor: {} })],
    ['with a prototype', '{"__proto__":{"name":"tesla"},"quantity":1,"type":"buy"}'],
    ['unknown outcome', order({ name: 'other' })],
    ['a name that cannot be', order({ name: 'x'.repeat(300) })],
    ['a name that is no text', order({ name: 5 })],
    ['without a type', '{"name":"tesla","quantity":1}'],
    ['a type that is null', order({ type: null })],
    ['a bug', order({ name: 'bug' })],
    ['an array', '[]'],
    ['null', 'null'],
    ['no JSON', '{"name":'],
    ['nothing', ''],
    ['just small enough', order({ filler: 'x'.repeat(LIMITS.requestBodyBytesMax - order({ filler: '' }).length) })],
    ['too large', order({ filler: 'x'.repeat(LIMITS.requestBodyBytesMax) })],
  ])('%s', async (_what, body) => {
    expect(await post(body, 'plain')).toEqual(await post(body, 'chunked'))
  })

  test.each(['again', '"again"', 'no key', ''])('with the key %s', async (key) => {
    const headers = { 'idempotency-key': key }
    expect(await post(order({}), 'plain', headers)).toEqual(await post(order({}), 'chunked', headers))
  })

  test.each(['application/json', 'text/plain; charset=utf-8', 'application/x-www-form-urlencoded', 'json', 'a/b; c', 'a b/c', ''])(
    'as %s',
    async (type) => {
      const headers = { 'content-type': type }
      expect(await post(order({}), 'plain', headers)).toEqual(await post(order({}), 'chunked', headers))
    },
  )

  test('a replayed order says so', async () => {
    expect(await post(order({}), 'plain', { 'idempotency-key': 'again' })).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true', 'content-type': 'application/json; charset=utf-8' },
      body: { data: { transaction_number: 7 } },
    })
  })

  test('a bug is reported', async () => {
    const before = reported
    expect(await post(order({ name: 'bug' }), 'plain')).toMatchObject({ status: 500 })
    expect(reported).toBe(before + 1)
  })
})

describe('a lookup that comes without the framework is answered like one that comes by it', () => {
  const names = ['tesla', 'nobody', 'tesl%61', '%', '..', '', 'a/b', 'x'.repeat(256), 'x'.repeat(2_000)]
  const numbers = ['7', '07', '8', '9', '-1', '1.5', 'x', '', '9'.repeat(16), '9'.repeat(300)]
  test.each([...names.map((name) => `/stocks/${name}`), ...numbers.map((number) => `/orders/${number}`)])('of %s', async (path) => {
    expect(await exchange({ path })).toEqual(await exchange({ path: `${path}?by=the+framework` }))
  })

  test.each([
    ['/stocks/tesla', 200, { data: { name: 'tesla', price: 183.26, quantity: 7 } }],
    ['/stocks/nobody', 404, { error: { code: 404 } }],
    ['/orders/7', 200, { data: { number: 7, name: 'tesla', type: 'buy', quantity: 1 } }],
    ['/orders/8', 503, { error: { code: 503 } }],
    ['/orders/9', 404, { error: { code: 404 } }],
  ])('%s: %d', async (path, status, body) => {
    expect(await exchange({ path })).toMatchObject({ status, body })
  })

  test('is refused when thousands wait for one already', async () => {
    const waiting: (() => void)[] = []
    const { stocks } = frontEnd
    const find = stocks.find
    stocks.find = () => new Promise((resolve) => waiting.push(() => resolve({ kind: 'unavailable' })))
    try {
      const routes = directRoutes(frontEnd, log)
      const ask = () => routes.answer({ method: 'GET', path: '/stocks/nobody', headers: {}, body: '' }, PATIENT_ASKER)
      const answers = Array.from({ length: LIMITS.frontEndLookupsMax }, ask)
      expect(ask()).toMatchObject({ status: 503, json: expect.stringContaining('too many') })
      for (const settle of waiting) settle()
      await Promise.all(answers)
      expect(ask()).toBeInstanceOf(Promise)
    } finally {
      stocks.find = find
    }
  })
})

test('a connection whose order was refused is not read for a moment, and then again', async () => {
  const staysPaused: boolean[] = []
  app.server.once('connection', (socket: Socket) => {
    socket.on('pause', () => setImmediate(() => staysPaused.push(socket.isPaused())))
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const onOneConnection = () =>
    exchange({ method: 'POST', path: '/orders', agent, headers: { 'content-length': order({}).length } }, order({}))
  full = true
  try {
    for (let tries = 0; tries < 3; tries += 1)
      expect(await onOneConnection()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    full = false
    expect(await onOneConnection()).toMatchObject({ status: 200 })
    expect(staysPaused).toEqual([true, true, true])
  } finally {
    full = false
    agent.destroy()
  }
})
