import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import type { StockView } from '../wire/messages.ts'
import { systemClock } from '../runtime/clock.ts'
import { httpServer } from '../runtime/http-server.ts'
import { silentLogger } from '../runtime/logger.ts'
import { directRoutes } from './direct-routes.ts'
import { addErrorHandling, answerToBroken, refusePath } from './errors.ts'
import type { FrontEnd } from './front-end.ts'
import { addRoutes } from './routes.ts'
import { stockListJson } from './stock-list.ts'

let placed: string[] = []
let invalidated: unknown[] = []

const STOCKS = [20_00, 0, 1, 4_78, 94_90, 2 ** 31 * 100].map((priceCents) => ({ name: 'a "b"', priceCents, quantity: 3, volume: 4 }))

/** Accepts every order under the next number. */
const frontEnd = {
  id: 'fe',
  stocks: {
    cached: () => undefined,
    find: async () => ({ kind: 'not-found' }),
    all: () => stockListJson(systemClock, STOCKS as StockView[]),
  },
  cache: {
    drop: (name: string) => invalidated.push([name]),
    invalidate: (names: string[], number: number) => invalidated.push([names, number]),
  },
  keys: { next: () => 'made-here' },
  orders: {
    isFull: false,
    place: async ({ name }: OrderRequest) => {
      placed.push(name)
      return { kind: 'decided', outcome: { kind: 'accepted', number: placed.length - 1, replayed: false } }
    },
  },
} as unknown as FrontEnd

const app = httpServer({
  bodyBytesMax: LIMITS.requestBodyBytesMax,
  parameterCharactersMax: 1_024,
  refusePath,
  answerToBroken,
  directRoutes: directRoutes(frontEnd, silentLogger),
})
addErrorHandling(app, silentLogger)
addRoutes(app, frontEnd)

beforeAll(() => app.listen({ host: '127.0.0.1', port: 0 }))
afterAll(() => app.close())

const BODY = '{"name":"tesla","quantity":1,"type":"buy"}'
const post = (body: string | Buffer, path = '/orders'): Buffer =>
  Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n`), Buffer.from(body)])
const CHUNKED = `POST /orders HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`

/** Sends the bytes, then says that no more will come. Resolves with the whole answer. */
function exchange(bytes: string | Buffer): Promise<string> {
  placed = []
  const { port } = app.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.end(bytes))
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
    socket.on('error', reject).on('end', () => resolve(answer))
  })
}

/** Returns the status, and the contents of the envelope. */
function read(answer: string): { status: number; code?: number; message?: string } {
  const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { error?: object }
  return { status: Number(answer.split(' ')[1]), ...body.error }
}

describe('input that is no request is refused in the envelope of the contract', () => {
  test.each([
    ['a header without a name', 'GET /stocks/tesla HTTP/1.1\r\nhost: h\r\n: x\r\n\r\n', 400, /no valid HTTP/],
    ['an unknown method', 'HURRY /stocks/tesla HTTP/1.1\r\nhost: h\r\n\r\n', 400, /no valid HTTP/],
    ['no host', 'GET /stocks/tesla HTTP/1.1\r\n\r\n', 400, /no valid HTTP/],
    ['no host, and an order behind', `GET /stocks/tesla HTTP/1.1\r\n\r\n${post(BODY)}`, 400, /no valid HTTP/],
    ['two hosts', 'GET /stocks/tesla HTTP/1.1\r\nhost: h\r\nhost: h\r\n\r\n', 400, /no valid HTTP/],
    ['two hosts in the old version', 'GET /stocks/tesla HTTP/1.0\r\nhost: h\r\nhost: i\r\n\r\n', 400, /no valid HTTP/],
    ['an order with two hosts', post(BODY).toString().replace('host: h', 'host: h\r\nHost: i'), 400, /no valid HTTP/],
    ['lines that end in a line feed', post(BODY).toString().replaceAll('\r\n', '\n'), 400, /no valid HTTP/],
    ['one line that does', post(BODY).toString().replace('h\r\n', 'h\n'), 400, /no valid HTTP/],
    ['CONNECT', 'CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\n\r\n', 405, /Allow/],
    ['an order cut short', post(BODY).subarray(0, -1), 400, /no valid HTTP/],
    [
      'an order cut short, with an upgrade',
      post(BODY).toString().replace('\r\n', '\r\nconnection: upgrade\r\nupgrade: x\r\n').slice(0, -1),
      400,
      /no valid HTTP/,
    ],
    ['two lengths', `POST /orders HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`, 400, /no valid HTTP/],
    ['a head without an end', `GET / HTTP/1.1\r\nhost: h\r\nx: ${'x'.repeat(20_000)}`, 431, /too large/],
  ])('%s', async (_what, bytes, status, message) => {
    const answer = await exchange(bytes)
    expect(read(answer)).toEqual({ status, code: status, message: expect.stringMatching(message) })
    expect(answer).toMatch(/^connection: close\r$/im)
    expect(placed).toEqual([])
  })

  test('the old version needs no host', async () => {
    expect(await exchange('GET /stocks/tesla HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 404 /)
  })
})

test.each(['TRACE', 'PROPFIND', 'DELETE', 'QUERY', 'POST'])('%s is refused with what the path takes, whatever its body', async (method) => {
  for (const body of ['', '{}', 'no JSON']) {
    const head = `${method} /stocks/tesla HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: text/plain\r\n`
    const answer = await exchange(`${head}content-length: ${body.length}\r\n\r\n${body}`)
    expect(read(answer)).toMatchObject({ status: 405 })
    expect(answer).toMatch(/^allow: GET, HEAD\r$/im)
    expect(read(await exchange(`${head.replace('/stocks/tesla', '/nothing')}content-length: ${body.length}\r\n\r\n${body}`))).toMatchObject(
      { status: 404 },
    )
  }
})

test('prices have a decimal point, as in the JSON of the contract', async () => {
  const answer = await exchange('GET /stocks HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n')
  expect(answer.match(/"price":[^,}]*/g)).toEqual(
    ['20.0', '0.0', '0.01', '4.78', '94.9', '2147483648.0'].map((price) => `"price":${price}`),
  )
  const { data } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { data: object }
  expect(data).toEqual({ stocks: STOCKS.map(({ priceCents, ...rest }) => ({ ...rest, price: priceCents / 100 })) })
})

test('the number of an invalidation is read from a header, or from the query as before', async () => {
  const push = (path: string, header = '') => exchange(`GET ${path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n${header}\r\n`)
  invalidated = []
  await push('/cache/a%20b', 'bazaar-order-number: 7\r\n')
  await push('/cache/a?number=8')
  await push('/cache/a')
  await push('/cache/a', 'bazaar-order-number: soon\r\n')
  expect(invalidated).toEqual([[['a b'], 7], [['a'], 8], ['a'], ['a']])
})

test('an expectation that HTTP does not know does no harm', async () => {
  expect(await exchange('GET /stocks/tesla HTTP/1.1\r\nhost: h\r\nexpect: luck\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 404 /)
})

test('a parameter that is given twice is named', async () => {
  const get = (path: string) => exchange(`GET ${path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n`)
  expect(read(await get('/orders?after=1&after=2'))).toMatchObject({ status: 400, message: expect.stringContaining('after must be') })
  expect(await get('/cache/tesla?number=1&number=2')).toMatch(/^HTTP\/1.1 200 /)
})

describe('a client that says that no more will come is answered', () => {
  test.each([
    ['a plain order', post(BODY), 1],
    ['an order in chunks', CHUNKED, 1],
    ['an order that only the framework takes', post(BODY, '/orders?x'), 1],
    ['two at once', Buffer.concat([post(BODY), post(BODY)]), 2],
    ['two at once for the framework', Buffer.concat([post(BODY, '/orders?x'), post(BODY)]), 2],
  ])('%s', async (_what, bytes, orders) => {
    const answer = await exchange(bytes)
    expect(answer.match(/"transaction_number":\d/g)).toEqual(Array.from({ length: orders }, (_, at) => `"transaction_number":${at}`))
    expect(placed).toHaveLength(orders)
  })
})

test('a body that is not UTF-8 names no stock', async () => {
  const body = Buffer.from(BODY.replace('tesla', 'tesl\xff'), 'latin1')
  for (const path of ['/orders', '/orders?by=the+framework']) {
    expect(read(await exchange(post(body, path)))).toMatchObject({ status: 400, message: expect.stringContaining('JSON') })
    expect(placed).toEqual([])
  }
})

/** Sends everything before it reads anything, as many clients do. Returns the answer. */
async function answerAfterWriting(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const { port } = app.server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  for (const piece of pieces)
    await new Promise<void>((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())))
  const answer = Buffer.concat(await socket.toArray()).toString()
  socket.destroy()
  return answer
}

describe('an answer that was given before all was read reaches a client that is still writing:', () => {
  const much = Buffer.alloc(256 * 1024, 'x')
  const pieces = Array.from({ length: 80 }, () => much)
  const head = (start: string, ...more: string[]) => [`${start} HTTP/1.1`, 'host: h', ...more, '', ''].join('\r\n')
  const long = `content-length: ${pieces.length * much.length}`
  const inChunks = pieces.map((piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]))

  test.each([
    ['a body that is too long', [head('POST /orders', long), ...pieces], 413],
    ['one in chunks', [head('POST /orders', 'transfer-encoding: chunked'), ...inChunks], 413],
    ['one that was to be asked for', [head('POST /orders', long, 'expect: 100-continue'), ...pieces], 413],
    ['an unknown path', [head('POST /nothing', long), ...pieces], 404],
    ['an unknown path, in chunks', [head('POST /nothing', 'transfer-encoding: chunked'), ...inChunks], 404],
    ['a wrong method', [head('DELETE /orders', long), ...pieces], 405],
    ['a lookup with a body', [head('GET /stocks/tesla', long), ...pieces], 404],
    ['no host', [head('POST /orders', long).replace('host', 'most'), ...pieces], 400],
    ['a path that is none', [head('POST /%', long), ...pieces], 400],
    ['no request', pieces, 400],
    ['a chunk that is none', [head('POST /orders', 'transfer-encoding: chunked'), ...pieces], 400],
    ['a head that is too large', ['GET / HTTP/1.1\r\nx: ', ...pieces], 431],
    ['what comes behind an order', [head('POST /orders', 'content-length: 2', 'connection: close'), '{}', ...pieces], 400],
  ])('%s', async (_what, bytes, status) => {
    expect(read(await answerAfterWriting(...bytes))).toMatchObject({ status })
  })
})

describe('a request has the same time to arrive, however steadily its bytes come', () => {
  beforeAll(() => {
    app.server.headersTimeout = 1_000
    app.server.requestTimeout = 1_000
  })
  afterAll(() => {
    app.server.headersTimeout = 30_000
    app.server.requestTimeout = 30_000
  })

  test.concurrent.each([
    ['the body of a plain order', post(BODY).subarray(0, -BODY.length)],
    ['the body of an order that only the framework takes', post(BODY, '/orders?x').subarray(0, -BODY.length)],
    ['chunks', CHUNKED.slice(0, CHUNKED.indexOf('{'))],
    ['a head', 'POST /orders HTTP/1.1\r\nhost: h\r\nx: '],
  ])('%s', async (_what, start) => {
    const { port } = app.server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write(start)
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
    const ended = once(socket, 'end')
    for (let sent = 0; sent < BODY.length - 1 && answer === ''; sent += 1) {
      socket.write(' ')
      await sleep(150)
    }
    await ended
    expect(read(answer)).toMatchObject({ status: 408, code: 408 })
  })
})
