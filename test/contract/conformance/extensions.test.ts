import { createRequire } from 'node:module'
import { Client, credentials } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OrderListData, PlacedData, StatusData, StockListData } from '../../../src/http/types.ts'
import { eventually, HOPELESS_MS } from '../../fault/process.ts'
import { call, callUnary, definitionOf } from './grpc.ts'
import { ask, dataOf, order } from './http.ts'
import { leaderOf, levelOf, openTarget, orderNumber, place, refusal, type Target } from './target.ts'

/** Tests of this system's extensions of the contract. Another implementation need not pass them. */
let target: Target
beforeAll(async () => {
  target = await openTarget()
})
afterAll(() => target?.close())

describe('Idempotency-Key', () => {
  const sell = { name: 'ford', quantity: 1, type: 'sell' }
  const withKey = (key: string, body: object = sell) => order(target.frontEnd, body, { headers: { 'idempotency-key': key } })
  const numberOf = async (key: string) => dataOf<PlacedData>(await withKey(key)).transaction_number

  test('the same order twice is placed once', async () => {
    const key = randomUUID()
    const before = await levelOf(target, 'ford')
    const first = await withKey(key)
    const second = await withKey(key)
    expect(second.body).toEqual(first.body)
    expect(first.headers['idempotency-replayed']).not.toBe('true')
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(await levelOf(target, 'ford')).toBe(before + 1)
  })

  test('the same order many times at once is placed once', async () => {
    const key = randomUUID()
    const before = await levelOf(target, 'ford')
    const numbers = await Promise.all(Array.from({ length: 20 }, () => numberOf(key)))
    expect(new Set(numbers).size).toBe(1)
    expect(await levelOf(target, 'ford')).toBe(before + 1)
  })

  test('a rejection is remembered too', async () => {
    const key = randomUUID()
    const tooMany = { name: 'amc', quantity: 2_000_000_000, type: 'buy' }
    const first = await withKey(key, tooMany)
    expect(refusal(first)).toMatchObject({ status: 400, message: 'not enough stocks available to buy' })
    expect(refusal(await withKey(key, tooMany))).toEqual(refusal(first))
  })

  test.each([
    ['another quantity', { ...sell, quantity: 2 }],
    ['another type', { ...sell, type: 'buy' }],
    ['another stock', { ...sell, name: 'apple' }],
  ])('a key with %s: 422', async (_, body) => {
    const key = randomUUID()
    await withKey(key)
    expect(refusal(await withKey(key, body))).toMatchObject({ status: 422, code: 422 })
  })

  test.each(['', 'x'.repeat(256), 'two words', 'ü'])('"%s" is no key: 400', async (key) => {
    expect(refusal(await withKey(key))).toMatchObject({ status: 400, code: 400 })
  })

  test('a key of 255 characters is one', async () => {
    const key = randomUUID().padEnd(255, '!')
    expect(await numberOf(key)).toBe(await numberOf(key))
  })
})

describe('bodies', () => {
  test('of 16384 bytes are read, and longer ones are not', async () => {
    const body = (bytes: number) => JSON.stringify({ name: 'ford', quantity: 0, type: 'buy' }).padEnd(bytes)
    const post = async (bytes: number) => refusal(await ask(target.frontEnd, '/orders', { method: 'POST', body: body(bytes) }))
    expect(await post(16_384)).toMatchObject({ status: 400, code: 404 })
    expect(await post(16_385)).toMatchObject({ status: 413, code: 413 })
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', 'json', 'no media type at all'])(
    'with the Content-Type %s are read as JSON',
    async (type) => {
      const headers = { 'content-type': type }
      const { status } = await order(target.frontEnd, { name: 'ford', quantity: 1, type: 'sell' }, { headers })
      expect(status).toBe(200)
    },
  )

  test('with a character set in the media type are read', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const answer = await order(target.frontEnd, { name: 'ford', quantity: 1, type: 'sell' }, { headers })
    expect(answer.status).toBe(200)
  })
})

describe('a path that is none', () => {
  const long = 'x'.repeat(300)
  const unknown = [
    '/docs/static/..',
    '//etc/passwd',
    '///',
    '/docs/%2e%2e',
    '/docs/static/%2e%2e%2f%2e%2e',
    '/docs/static/%00',
    '/docs/static/..%5c',
  ]
  const longNames = [
    `/${long}`,
    `/docs/static/${long}`,
    `/docs/static/${long.repeat(20)}`,
    `/stocks/${long.repeat(20)}`,
    `/leader/a/${long}`,
  ]
  test.each([...unknown, ...longNames])('%s: 404', async (path) => {
    for (const method of ['GET', 'QUERY', 'POST']) {
      expect(refusal(await ask(target.frontEnd, path, { method, body: method }))).toMatchObject({ status: 404, code: 404 })
    }
  })

  test.each(['/%', '/docs/static/%', '/docs/static/%c0%ae%c0%ae', '/leader/%ff', '/cache/%E0%A4'])('%s: 400', async (path) => {
    expect(refusal(await ask(target.frontEnd, path))).toMatchObject({ status: 400, code: 400 })
  })
})

test('a price has a decimal point, whether its stock comes from the cache or not', async () => {
  for (const path of ['/stocks/gamestop', '/stocks/gamestop', '/stocks/gamestop?by=the+framework', '/stocks']) {
    const { text, body } = await ask(target.frontEnd, path)
    expect(text).toContain('"price":20.0,')
    expect(JSON.stringify(body)).toContain('"price":20,')
  }
})

describe('listings', () => {
  test('GET /stocks lists all stocks with their volume', async () => {
    const { stocks } = dataOf<StockListData>(await ask(target.frontEnd, '/stocks'))
    expect(stocks).toHaveLength(10)
    const before = stocks.find(({ name }) => name === 'nike')
    await place(target, 'nike', 'sell', 6)
    const after = dataOf<StockListData>(await ask(target.frontEnd, '/stocks')).stocks.find(({ name }) => name === 'nike')
    expect(after).toEqual({ ...before, quantity: (before?.quantity ?? 0) + 6, volume: (before?.volume ?? 0) + 6 })
  })

  test('GET /orders lists the orders above a number', async () => {
    const first = await place(target, 'nike', 'sell', 1)
    for (let n = 0; n < 4; n++) await place(target, 'nike', 'sell', 1)
    const list = async (query: string) => dataOf<OrderListData>(await ask(target.frontEnd, `/orders${query}`)).orders
    expect((await list(`?after=${first}&limit=3`)).map(({ number }) => number)).toEqual([first + 1, first + 2, first + 3])
    expect((await list(`?after=${first - 1}&limit=1`))[0]).toEqual(await orderNumber(target, first))
    expect(await list('?after=2147483647')).toEqual([])
    expect((await list(''))[0]?.number).toBe(0)
  })

  test.each(['?after=-2', '?after=x', '?limit=0', '?limit=1001', '?limit=1.5'])('GET /orders%s: 400', async (query) => {
    expect(refusal(await ask(target.frontEnd, `/orders${query}`))).toMatchObject({ status: 400, code: 400 })
  })
})

test('GET /status tells that all copies are the same', async () => {
  const last = await place(target, 'intel', 'sell', 1)
  await eventually('all copies are the same, and all is well', HOPELESS_MS, async () => {
    const status = dataOf<StatusData>(await ask(target.frontEnd, '/status'))
    const digests = new Set([status.catalogue, ...status.replicas].map((one) => (one.reachable ? one.digest : '?')))
    expect(digests.size).toBe(1)
    expect(status.leader).toBe(await leaderOf(target))
    expect(status.catalogue).toMatchObject({ reachable: true, published: last + 1, length: last + 1 })
    expect(status.frontEnd).toMatchObject({ reachable: true, caching: true, session: true })
    expect(status.replicas.map(({ id }) => id).toSorted()).toEqual([1, 2, 3])
    expect(status.replicas.filter((r) => r.reachable && r.role === 'leader')).toHaveLength(1)
    for (const replica of status.replicas) expect(replica).toMatchObject({ lag: 0, canLead: true, trouble: '' })
    return true
  })
})

test('a trade at the catalogue itself becomes an order like any other', async () => {
  const before = await levelOf(target, 'gamestop')
  const last = await place(target, 'gamestop', 'sell', 1)
  await call(target.catalogue, 'Catalog.Trade', { stockName: 'gamestop', stockTradeQuantity: 8, tradeType: 'sell' })
  expect(await levelOf(target, 'gamestop')).toBe(before + 9)
  const found = await eventually('the order is known', HOPELESS_MS, () => orderNumber(target, last + 1))
  expect(found).toEqual({ number: last + 1, name: 'gamestop', type: 'sell', quantity: 8 })
})

const require = createRequire(import.meta.url)
const fromPackage = (name: string, path: string) => loadSync(join(dirname(require.resolve(`${name}/package.json`)), path))

describe('every gRPC server', () => {
  const addresses = () => [target.catalogue, ...target.replicas.map(({ address }) => address)]

  test('answers the standard health service', async () => {
    const health = fromPackage('grpc-health-check', 'proto/health/v1/health.proto')
    const check = definitionOf(health, 'grpc.health.v1.Health.Check')
    for (const address of addresses()) {
      const { status } = await callUnary<{ status: number | string }>(address, check, { service: '' })
      expect([1, 'SERVING']).toContain(status)
    }
  })

  test('lists its services by reflection', async () => {
    expect(await servicesAt(target.catalogue)).toContain('Catalog')
    for (const { address } of target.replicas) expect(await servicesAt(address)).toContain('Order')
  })
})

interface Reflected {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] }
}

async function servicesAt(address: string): Promise<string[]> {
  const reflection = fromPackage('@grpc/reflection', 'build/proto/grpc/reflection/v1/reflection.proto')
  const info = definitionOf(reflection, 'grpc.reflection.v1.ServerReflection.ServerReflectionInfo')
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
  try {
    const deadline = Date.now() + 60_000
    const stream = client.makeBidiStreamRequest(info.path, info.requestSerialize, info.responseDeserialize, { deadline })
    stream.write({ listServices: '' })
    const { value } = (await stream[Symbol.asyncIterator]().next()) as { value?: Reflected }
    stream.end()
    return value?.listServicesResponse?.service.map(({ name }) => name) ?? []
  } finally {
    client.close()
  }
}
