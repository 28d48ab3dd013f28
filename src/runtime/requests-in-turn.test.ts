import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { serverWithDirectRoutes } from './direct-connection.ts'

/** Answers that wait for the test, oldest first, both of direct routes and of node:http. */
let held: { readonly url: string; readonly answer: () => void }[] = []
let begun: string[] = []

const STATUSES: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

const server = serverWithDirectRoutes(
  {
    bodyBytesMax: 100,
    answer: ({ path }) => {
      if (!path.startsWith('/direct')) return undefined
      begun.push(path)
      return new Promise((resolve) =>
        held.push({ url: path, answer: () => resolve({ status: 200, headers: {}, json: JSON.stringify({ path }) }) }),
      )
    },
  },
  { carryOut, answerToBroken: (code) => ({ status: STATUSES[code] ?? 400, headers: {}, json: '{}' }) },
)

/** Carries out a request once its whole body has arrived. Carries out a request to "/early" at once. */
function carryOut(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? ''
  begun.push(url)
  const answer = () => response.writeHead(200, { 'content-length': url.length }).end(url)
  request.on('error', () => {}) // Its client went away.
  if (url.startsWith('/early')) held.push({ url, answer })
  else request.resume().on('end', () => held.push({ url, answer }))
}

beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close().closeAllConnections())
beforeEach(() => {
  held = []
  begun = []
})

/** A client's connection. It keeps what came over it, and notes when the server ends it. */
class Client {
  readonly socket: Socket
  received = ''
  hasEnded = false

  constructor(...pieces: readonly string[]) {
    const { port } = server.address() as AddressInfo
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setEncoding('utf8').on('data', (text: string) => (this.received += text))
    this.socket.on('end', () => (this.hasEnded = true)).on('error', () => {})
    this.socket.write(pieces.join(''))
  }

  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
  }

  async ended(): Promise<this> {
    await expect.poll(() => this.hasEnded).toBe(true)
    this.socket.destroy()
    return this
  }
}

const get = (path: string, ...headers: string[]) => [`GET ${path} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n')
const post = (path: string, body: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: here', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n')
const chunks = (path: string, text: string) => `POST ${path} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n${text}`

const isHeld = async (url: string) => {
  await expect.poll(() => held.map((one) => one.url)).toContain(url)
  return held.splice(
    held.findIndex((one) => one.url === url),
    1,
  )[0]!
}
/** Resolves when the server has read all that arrived. Then another connection has had its turn. */
async function haveRead(): Promise<void> {
  const other = new Client(get('/early/other'))
  const { answer } = await isHeld('/early/other')
  answer()
  await expect.poll(() => other.statuses).toEqual([200])
  other.socket.destroy()
}

const BROKEN: readonly (readonly [string, string])[] = [
  ['no request', 'XYZ\r\n\r\n'],
  ['a head that is too large', get('/a', `x: ${'x'.repeat(20_000)}`)],
  ['a chunk that is none', chunks('/a', 'zz\r\n')],
  ['a second chunk that is none', chunks('/a', '1\r\na\r\nzz\r\n')],
  ['two lengths', post('/a', 'a', 'Content-Length: 2')],
  ['a length and chunks', post('/a', 'a', 'Transfer-Encoding: chunked')],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['the hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['the line of a proxy', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${get('/a')}`],
  ['a head whose lines end in a line feed', get('/a').replaceAll('\r\n', '\n')],
]

describe.each([
  ['whose body has a length', post('/first', '{}')],
  ['in chunks', chunks('/first', '2\r\n{}\r\n0\r\n\r\n')],
  ['that is told to go on', post('/first', '{}', 'Expect: 100-continue')],
  ['that came right from the socket', post('/direct', '{}')],
])('a request %s gets its own answer, whatever comes behind it:', (_what, request) => {
  const [, url = ''] = request.split(' ')

  test.each(BROKEN)('%s', async (_what, broken) => {
    const isDirect = url === '/direct'
    const client = new Client(request)
    // A request is answered directly only if it comes alone.
    if (isDirect) await expect.poll(() => begun).toEqual([url])
    client.socket.write(broken)
    const { answer } = await isHeld(url)
    await haveRead()
    expect(client.statuses.filter((status) => status !== 100)).toEqual([])
    answer()
    await client.ended()
    const [first, second, ...more] = client.statuses.filter((status) => status !== 100)
    expect([first, more]).toEqual([200, []])
    expect([400, 431]).toContain(second)
    expect(begun).toEqual([url, ...begun.slice(1)])
  })

  test('a cut request', async () => {
    const client = new Client(request)
    if (url === '/direct') await expect.poll(() => begun).toEqual([url])
    client.socket.end(post('/cut', 'abc').slice(0, -1))
    const { answer } = await isHeld(url)
    await haveRead()
    answer()
    await client.ended()
    expect(client.statuses.filter((status) => status !== 100)).toEqual([200, 400])
  })
})

test('requests are carried out one after the other, and hardly more is read while they wait', async () => {
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const many = Array.from({ length: 50_000 }, (_, at) => post(`/${at}`, 'x'.repeat(100)))
  const client = new Client(...many)
  for (let at = 0; at < 50; at += 1) {
    const { answer } = await isHeld(`/${at}`)
    expect(begun).toHaveLength(at + 1)
    answer()
  }
  await expect.poll(() => client.statuses).toHaveLength(50)
  expect((await accepted).bytesRead).toBeLessThan(many.join('').length / 10)
  client.socket.destroy()
})

describe('nothing behind the last request of a connection is carried out:', () => {
  test.each([
    ['another protocol', 'Connection: Upgrade', 'Upgrade: websocket'],
    ['HTTP/2 without TLS', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'],
    ['an end that is asked for', 'Connection: close', 'Accept: */*'],
  ])('%s', async (_what, ...headers) => {
    for (const first of [get('/first', ...headers), post('/first', '{}', ...headers)]) {
      const client = new Client(first, post('/second', '{}'))
      client.socket.write(post('/third', '{}'))
      const { answer } = await isHeld('/first')
      await haveRead()
      answer()
      await client.ended()
      expect(client.received).toContain('Connection: close\r\n')
      expect(client.statuses).toEqual([200])
      expect(begun.filter((url) => url === '/second' || url === '/third')).toEqual([])
    }
  })

  test('an answer that was given before the body had arrived', async () => {
    for (const first of [post('/early', 'x'.repeat(101)), chunks('/early', '1\r\nx\r\n')]) {
      const client = new Client(first.slice(0, -1))
      const { answer } = await isHeld('/early')
      answer()
      await expect.poll(() => client.statuses).toEqual([200])
      client.socket.write(`${first.at(-1)}${first.includes('chunked') ? '0\r\n\r\n' : ''}${post('/second', '{}')}`)
      await client.ended()
      expect(client.statuses).toEqual([200])
    }
    expect(begun).not.toContain('/second')
  })
})

describe('a body that breaks off', () => {
  test.each([
    ['gets the refusal', '/first', [400]],
    ['whose request has been answered gets no second answer', '/early', [200]],
  ])('%s', async (_what, url, statuses) => {
    for (const broken of [chunks(url, '1\r\na\r\nzz\r\n'), chunks(url, '1\r\na\r\n')]) {
      const client = new Client(broken.replace('zz\r\n', ''))
      await expect.poll(() => begun).toContain(url)
      if (url === '/early') (await isHeld(url)).answer()
      client.socket.end(broken.includes('zz') ? 'zz\r\n' : '')
      await client.ended()
      expect(client.statuses).toEqual(statuses)
    }
  })

  test('with an upgrade is not waited for', async () => {
    const client = new Client()
    client.socket.end(post('/first', 'abc', 'Connection: Upgrade', 'Upgrade: websocket').slice(0, -1))
    expect((await client.ended()).statuses).toEqual([400])
  })
})

test('a body that is too long is not asked for', async () => {
  const client = new Client(post('/early', 'x'.repeat(101), 'Expect: 100-continue').slice(0, -101))
  const { answer } = await isHeld('/early')
  answer()
  await client.ended()
  expect(client.statuses).toEqual([200])
})

describe('a request that is not read while others wait', () => {
  const usualMs = { request: server.requestTimeout, headers: server.headersTimeout }
  beforeEach(() => {
    server.requestTimeout = server.headersTimeout = 500
    return () => {
      server.requestTimeout = usualMs.request
      server.headersTimeout = usualMs.headers
    }
  })

  /** Resolves when node:http calls the request of this client late. Other clients' requests may be late, too. */
  const ranOut = (client: Client) =>
    new Promise<void>((resolve) => {
      const hear = (_error: Error, { remotePort }: { remotePort?: number }) => {
        if (remotePort !== client.socket.localPort) return
        server.off('clientError', hear)
        resolve()
      }
      server.on('clientError', hear)
    })

  const rest = post('/third', 'abc')
  test.each([
    ['whose body has not arrived in full', rest.slice(0, -1)],
    ['whose head has not arrived in full', rest.slice(0, 20)],
  ])('has its time from then on: one %s', async (_what, begin) => {
    for (const goesOn of [true, false]) {
      const client = new Client(post('/first', '{}'), post('/second', '{}'), begin)
      await ranOut(client)
      // A client that goes on gets its answer, since the request has its time again once it is read.
      if (goesOn) client.socket.write(rest.slice(begin.length))
      for (const url of ['/first', '/second']) (await isHeld(url)).answer()
      if (goesOn) (await isHeld('/third')).answer()
      await expect.poll(() => client.statuses, { timeout: 60_000 }).toEqual([200, 200, goesOn ? 200 : 408])
      client.socket.destroy()
      begun = []
    }
  })
})
