import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import { httpServer } from '../runtime/http-server.ts'
import { silentLogger } from '../runtime/logger.ts'
import { directRoutes } from './direct-routes.ts'
import { addErrorHandling, answerToBroken, refusePath } from './errors.ts'
import type { FrontEnd } from './front-end.ts'
import { addRoutes } from './routes.ts'

let placed: string[] = []

/** Accepts every order under the next number. */
const frontEnd = {
  id: 'fe',
  stocks: { cached: () => undefined, find: async () => ({ kind: 'not-found' }) },
  cache: { drop: () => {}, invalidate: () => {} },
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

/** Sends the bytes, then says that no more will come; resolves with all that is answered. */
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

const BODY = '{"name":"tesla","quantity":1,"type":"buy"}'
const post = (body: string | Buffer, path = '/orders'): Buffer =>
  Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n`), Buffer.from(body)])
const CHUNKED = `POST /orders HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`

/** Status, and what the envelope says. */
function read(answer: string): { status: number; code?: number; message?: string } {
  const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { error?: object }
  return { status: Number(answer.split(' ')[1]), ...body.error }
}

describe('what is no request is told so in the envelope of the contract', () => {
  test.each([
    ['a header without a name', 'GET /stocks/tesla HTTP/1.1\r\nhost: h\r\n: x\r\n\r\n', 400, /no valid HTTP/],
    ['an unknown method', 'HURRY /stocks/tesla HTTP/1.1\r\nhost: h\r\n\r\n', 400, /no valid HTTP/],
    ['no host', 'GET /stocks/tesla HTTP/1.1\r\n\r\n', 400, /no valid HTTP/],
    ['two lengths', `POST /orders HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`, 400, /no valid HTTP/],
    ['a head without an end', `GET / HTTP/1.1\r\nhost: h\r\nx: ${'x'.repeat(20_000)}`, 431, /too large/],
  ])('%s', async (_what, bytes, status, message) => {
    expect(read(await exchange(bytes))).toEqual({ status, code: status, message: expect.stringMatching(message) })
  })
})

test.each(['TRACE', 'PROPFIND', 'DELETE'])('%s is refused with what the path takes', async (method) => {
  const answer = await exchange(`${method} /stocks/tesla HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n`)
  expect(read(answer)).toMatchObject({ status: 405 })
  expect(answer).toMatch(/^allow: GET, HEAD\r$/im)
})

test('an expectation that HTTP does not know is nobody\'s harm', async () => {
  expect(await exchange('GET /stocks/tesla HTTP/1.1\r\nhost: h\r\nexpect: luck\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 404 /)
})

test('parameters that stand twice are named', async () => {
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

test('bytes that are no UTF-8 name no stock', async () => {
  const body = Buffer.from(BODY.replace('tesla', 'tesl\xff'), 'latin1')
  for (const path of ['/orders', '/orders?by=the+framework']) {
    expect(read(await exchange(post(body, path)))).toMatchObject({ status: 400, message: expect.stringContaining('JSON') })
    expect(placed).toEqual([])
  }
})
