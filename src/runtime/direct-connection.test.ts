import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serverWithDirectRoutes } from './direct-connection.ts'
import type { JsonAnswer } from './json-answer.ts'

const BODY_BYTES_MAX = 64
const KEEP_ALIVE_MS = 72_000
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\n\r\n'

/** The answer to a request. It repeats the request as the server read it. */
const echo = (method: string, path: string, key: unknown, body: string): JsonAnswer => ({
  status: 200,
  headers: { 'Retry-After': '1' },
  json: JSON.stringify({ method, path, key, body: method === 'GET' && path === '/large' ? 'x'.repeat(1e6) : body }),
})

let answeredDirectly = 0
let release: (() => void) | undefined

const direct = serverWithDirectRoutes(
  {
    bodyBytesMax: BODY_BYTES_MAX,
    answer: ({ method, path, headers, body }) => {
      if (path === '/others') return undefined
      answeredDirectly += 1
      const answer = echo(method, path, headers['idempotency-key'], body)
      if (path === '/later') return sleep(1).then(() => answer)
      if (path === '/held') return new Promise((resolve) => (release = () => resolve(answer)))
      return answer
    },
  },
  { carryOut: answerUsually, answerToBroken },
)
const usual = createServer(answerUsually)
direct.keepAliveTimeout = KEEP_ALIVE_MS

function answerToBroken(code: string): JsonAnswer {
  return { status: code === 'HPE_HEADER_OVERFLOW' ? 431 : 400, headers: {}, json: '{}' }
}

async function answerUsually(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks = await request.toArray().catch(() => undefined) // The client went away.
  if (!chunks) return
  const text = Buffer.concat(chunks).toString()
  const { status, headers, json } = echo(request.method!, request.url!, request.headers['idempotency-key'], text)
  response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(json) })
  response.end(json)
}

const listen = (server: Server) => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
beforeAll(() => Promise.all([listen(direct), listen(usual)]))
afterAll(() => {
  for (const server of [direct, usual]) server.close().closeAllConnections()
})

const portOf = (server: Server) => (server.address() as AddressInfo).port

/** A connection, and all bytes that came over it. */
class Client {
  readonly socket: Socket
  received = ''
  readonly closed: Promise<void>

  constructor(server: Server) {
    this.socket = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.socket.setEncoding('utf8').on('data', (text: string) => (this.received += text))
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => this.socket.on('end', resolve).on('close', () => resolve()))
  }

  send(text: string): this {
    this.socket.write(text)
    return this
  }

  async heard(text: string): Promise<void> {
    await expect.poll(() => this.received).toContain(text)
  }

  /** All answers, in order: their status and their bodies. */
  get bodies(): unknown[] {
    return [...this.received.matchAll(/\r\n\r\n(\{.*?\})(?=HTTP|$)/gs)].map(([, json]) => JSON.parse(json!))
  }
}

/** Sends some pieces, and returns all that the server answers until it hangs up or has nothing more to say. */
async function answersTo(server: Server, pieces: readonly string[], paceMs: number): Promise<string> {
  const client = new Client(server)
  for (const piece of pieces) {
    if (client.socket.readableEnded) break
    client.send(piece)
    await sleep(paceMs)
  }
  client.socket.end()
  await client.closed
  client.socket.destroy()
  // The answer says "close" only if the server heard the client's end before it answered.
  const text = client.received
    .replaceAll(/^(date|connection|keep-alive): .*\r\n/gim, '')
    .replace(/(HTTP\/1\.1 4.*\r\n)content-.*\r\ncontent-.*\r\n\r\n\{\}$/, '$1\r\n')
  // A request that ends in the middle is answered with 400 or not at all.
  return text === '' ? BAD_REQUEST : text
}

/** Resolves when the server has read all that was sent. Then another connection has had its turn. */
async function haveRead(): Promise<void> {
  const other = new Client(direct).send(get('/other'))
  await other.heard('/other')
  other.socket.destroy()
}

const get = (path: string, ...headers: string[]) => [`GET ${path} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n')
const post = (path: string, body: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: here', `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', body].join('\r\n')

describe('answers as node:http does', () => {
  const requests = [
    get('/stocks/tesla'),
    get('/later', 'Accept: */*'),
    get('/others'),
    get('/stocks/tesla?a=b'),
    get('/close', 'Connection: close'),
    post('/orders', '{"name":"tesla"}', 'Content-Type: application/json'),
    post('/later', '{"name":"Röhm"}', 'Idempotency-Key: a-b_c'),
    post('/longer', 'x'.repeat(BODY_BYTES_MAX + 1)),
    'POST /orders HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ]
  const characters = [
    '\r',
    '\n',
    ' ',
    ':',
    '\t',
    '\0',
    'ä',
    '0',
    '9',
    '/',
    ',',
    '"',
    'GET',
    '\r\n',
    '\r\n\r\n',
    'HTTP/1.0',
    '\r\nHost: b',
    '\r\nContent-Length: 1',
  ]
  const change = fc.record({ at: fc.nat(200), dropped: fc.nat(3), put: fc.constantFrom('', ...characters) })
  const changed = (text: string, { at, dropped, put }: { at: number; dropped: number; put: string }) =>
    text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + dropped)
  /** Any request: sound or broken, in one piece or two. */
  const arrival = fc
    .record({ request: fc.constantFrom(...requests), change: fc.option(change, { freq: 1 }), cut: fc.option(fc.nat(200), { freq: 1 }) })
    .map(({ request, change, cut }) => {
      const text = change ? changed(request, change) : request
      return cut === null ? [text] : [text.slice(0, cut % text.length), text.slice(cut % text.length)]
    })

  test('any requests, whole and in pieces, sound and broken', async () => {
    const before = answeredDirectly
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 4 }), fc.boolean(), async (arrivals, areJoined) => {
        const pieces = areJoined ? [arrivals.flat().join('')] : arrivals.flat().filter((piece) => piece !== '')
        // When a client sends to a connection that is being closed, it may lose earlier answers. That is chance. More time
        // between the pieces excludes it.
        for (const paceMs of [2, 20, 200]) {
          const [mine, theirs] = await Promise.all([answersTo(direct, pieces, paceMs), answersTo(usual, pieces, paceMs)])
          if (mine === theirs) return
          // node:http reports a broken request before it answers the requests ahead of it.
          if (theirs.endsWith(BAD_REQUEST) && mine.startsWith(theirs.slice(0, -BAD_REQUEST.length))) return
          if (paceMs === 200) expect(mine).toBe(theirs)
        }
      }),
      { numRuns: 400 },
    )
    expect(answeredDirectly - before).toBeGreaterThan(100)
  })
})

test('one request after the other on one connection', async () => {
  const client = new Client(direct)
  for (let times = 0; times < 5; times += 1) {
    client.send(get(`/stocks/${times}`))
    await client.heard(`/stocks/${times}`)
    client.send(post(`/orders/${times}`, 'abc'))
    await client.heard(`/orders/${times}`)
  }
  expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(client.received).toContain('Date: ')
  expect(client.received).toContain('Connection: keep-alive\r\nKeep-Alive: timeout=72\r\n')
  client.socket.destroy()
})

test('a request that is sent before the last answer is answered after it', async () => {
  const client = new Client(direct).send(get('/held'))
  await expect.poll(() => release).toBeDefined()
  client.send(get('/early'))
  await haveRead()
  expect(client.received).toBe('')
  release?.()
  await client.heard('/early')
  expect(client.bodies).toMatchObject([{ path: '/held' }, { path: '/early' }])
  client.socket.destroy()
})

test('a body in many pieces', async () => {
  const before = answeredDirectly
  const client = new Client(direct)
  const request = post('/orders', 'abcdef')
  for (const piece of [request.slice(0, -5), request.slice(-5, -2), request.slice(-2)]) {
    client.send(piece)
    await sleep(2)
  }
  await client.heard('abcdef')
  expect(answeredDirectly).toBe(before + 1)
  client.socket.destroy()
})

test('a client that reads no answers gets no more of them', async () => {
  const client = new Client(direct)
  client.socket.pause()
  const before = answeredDirectly
  client.send(get('/large'))
  await expect.poll(() => answeredDirectly).toBe(before + 1)
  for (let sent = 0; sent < 100; sent += 1) {
    client.send(get('/large'))
    await sleep(2)
  }
  // Until the kernel took no more.
  expect(answeredDirectly - before).toBeLessThan(30)
  client.socket.destroy()
})

test('a connection that says nothing is closed later than its client was told', async () => {
  direct.keepAliveTimeout = 1_000
  direct.keepAliveTimeoutBuffer = 200
  try {
    const since = performance.now() // Taken before the answer, since a busy machine hands that over late.
    const client = new Client(direct).send(get('/stocks/tesla'))
    await client.heard('Keep-Alive: timeout=1\r\n')
    await client.closed
    expect(performance.now() - since).toBeGreaterThan(1_100)
  } finally {
    direct.keepAliveTimeout = KEEP_ALIVE_MS
  }
})

test('a client that goes away before its answer does no harm', async () => {
  release = undefined
  const client = new Client(direct).send(get('/held'))
  await expect.poll(() => release).toBeDefined()
  client.socket.resetAndDestroy()
  await haveRead()
  release!()
  await haveRead()
})

test('closing ends idle connections at once, and the others after their answer', async () => {
  const releases: (() => void)[] = []
  const server = serverWithDirectRoutes(
    {
      bodyBytesMax: BODY_BYTES_MAX,
      answer: ({ method, path }) => new Promise((resolve) => releases.push(() => resolve(echo(method, path, '', '')))),
    },
    { carryOut: answerUsually, answerToBroken },
  )
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const accepted: Socket[] = []
  server.on('connection', (socket) => accepted.push(socket))
  await listen(server)
  const idle = new Client(server)
  const busy = new Client(server).send(get('/busy'))
  const begun = post('/partly', 'abc').slice(0, -1)
  const partly = new Client(server).send(begun)
  await expect.poll(() => releases).toHaveLength(1)
  await expect.poll(() => accepted.map(({ bytesRead }) => bytesRead)).toContain(begun.length)
  const closed = new Promise((resolve) => server.close(resolve))
  await idle.closed
  partly.send('c')
  await expect.poll(() => releases).toHaveLength(2)
  expect(busy.received + partly.received).toBe('')
  for (const [client, path] of [
    [busy, '/busy'],
    [partly, '/partly'],
  ] as const) {
    releases.shift()?.()
    await client.closed
    expect(client.received).toContain('Connection: close\r\n')
    expect(client.bodies).toMatchObject([{ path }])
  }
  for (const client of [idle, busy, partly]) client.socket.end()
  await closed
})
