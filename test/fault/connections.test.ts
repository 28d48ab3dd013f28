import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OrderData, OrderListData } from '../../src/http/types.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'

/**
 * Sends requests of all forms, and bytes that are no request, in any order on one connection to a real system. Compares the
 * answers that the client read with the orders that were placed. Every order has a quantity of its own.
 */
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster?.stop())

const RUNS = 300
const STOCKS = ['apple', 'tesla', 'ford', 'nike']

type Piece =
  | { readonly kind: 'order'; readonly form: keyof typeof ORDER_FORMS; readonly quantity: number }
  | { readonly kind: 'lookup'; readonly form: keyof typeof LOOKUP_FORMS; readonly name: string }
  | { readonly kind: 'broken'; readonly form: keyof typeof BROKEN }

interface Script {
  readonly pieces: readonly Piece[]
  /** True when each request is sent by itself. */
  readonly areApart: boolean
  /** Further places where the bytes are cut, as parts of the whole length. */
  readonly cuts: readonly number[]
}

/** One answer, as the client read it. */
interface Read {
  readonly status: number
  readonly body: { readonly data?: { readonly name?: string; readonly transaction_number?: number } }
}

const head = (line: string, ...headers: string[]) => [`${line} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n')
const withLength = (body: string, path: string, ...headers: string[]) =>
  head(`POST ${path}`, `Content-Length: ${body.length}`, ...headers) + body
const inChunks = (body: string, path: string, ...headers: string[]) =>
  `${head(`POST ${path}`, 'Transfer-Encoding: chunked', ...headers)}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

const ORDER_FORMS = {
  plain: (body: string) => withLength(body, '/orders'),
  'past the direct route': (body: string) => withLength(body, '/orders?x'),
  chunked: (body: string) => inChunks(body, '/orders'),
  'told to go on': (body: string) => withLength(body, '/orders', 'Expect: 100-continue'),
  'as json': (body: string) => withLength(body, '/orders', 'Content-Type: json'),
}
const LOOKUP_FORMS = {
  plain: (name: string) => head(`GET /stocks/${name}`),
  'past the direct route': (name: string) => head(`GET /stocks/${name}?x`),
  'with a body': (name: string) => `${head(`GET /stocks/${name}`, 'Content-Length: 3')}abc`,
}
/** Bytes that end a connection, with a refusal or without an answer of their own. Requests after them are not carried out. */
const BROKEN = {
  'no request': 'XYZ\r\n\r\n',
  'a chunk that is none': `${head('POST /orders', 'Transfer-Encoding: chunked')}2\r\n{}\r\nzz\r\n`,
  'a head that is too large': head('GET /leader', `x: ${'x'.repeat(20_000)}`),
  'a body that is too long': withLength('x'.repeat(20_000), '/orders'),
  'long chunks': inChunks('x'.repeat(20_000), '/orders'),
  'no host': 'GET /leader HTTP/1.1\r\n\r\n',
  'two hosts': head('GET /leader', 'Host: there'),
  CONNECT: head('CONNECT there:80'),
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'the hello of TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'the line of a proxy': 'PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n',
  'another protocol': head('GET /nothing', 'Connection: Upgrade', 'Upgrade: websocket'),
  'its end': head('GET /nothing', 'Connection: close'),
}

let lastQuantity = 1_000
const keysOf = <K extends string>(forms: Record<K, unknown>) => Object.keys(forms) as K[]
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...keysOf(ORDER_FORMS)).map((form) => ({ kind: 'order' as const, form, quantity: 0 })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ form: fc.constantFrom(...keysOf(LOOKUP_FORMS)), name: fc.constantFrom(...STOCKS) })
      .map((lookup) => ({ kind: 'lookup' as const, ...lookup })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...keysOf(BROKEN)).map((form) => ({ kind: 'broken' as const, form })) },
)
const script: fc.Arbitrary<Script> = fc.record({
  pieces: fc.array(piece, { minLength: 1, maxLength: 6 }),
  areApart: fc.boolean(),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
})

function bytesOf(one: Piece): string {
  if (one.kind === 'broken') return BROKEN[one.form]
  if (one.kind === 'lookup') return LOOKUP_FORMS[one.form](one.name)
  return ORDER_FORMS[one.form](JSON.stringify({ name: 'apple', type: 'sell', quantity: one.quantity }))
}

/** Sends a script, says that no more will come, and reads all answers. */
async function answersTo(requests: readonly string[], { areApart, cuts }: Script): Promise<Read[]> {
  const bytes = requests.join('')
  const between = areApart ? requests.map((_, at) => requests.slice(0, at).join('').length) : []

  const [host, port] = cluster.frontEnd.split(':')
  const socket = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true })
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  const closed = new Promise<void>((resolve, reject) => socket.on('end', resolve).on('error', reject))
  const places = [0, ...between, ...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].toSorted((a, b) => a - b)
  for (let at = 1; at < places.length; at += 1) {
    socket.write(bytes.slice(places[at - 1], places[at]), 'latin1')
    await sleep(1)
  }
  socket.end()
  await closed
  return answersIn(received)
}

/** Reads answers as a client does: one after the other, each as long as it says. */
function answersIn(received: string): Read[] {
  const answers: Read[] = []
  for (let at = 0; at < received.length; ) {
    const bodyAt = received.indexOf('\r\n\r\n', at) + 4
    const text = received.slice(at, bodyAt)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1])
    const length = Number(/^content-length: (\d+)\r$/im.exec(text)?.[1] ?? 0)
    at = bodyAt + length
    if (status !== 100) answers.push({ status, body: JSON.parse(received.slice(bodyAt, at)) as Read['body'] })
  }
  return answers
}

async function ordersFrom(number: number): Promise<readonly OrderData[]> {
  return dataOf<OrderListData>(await ask(cluster.frontEnd, `/orders?after=${number - 1}&limit=1000`)).orders
}

test('each request gets its own answer, in order, or the connection ends without one', async () => {
  let next = 0
  const met = { accepted: 0, refused: 0, unanswered: 0 }
  await fc.assert(
    fc.asyncProperty(script, async (drawn) => {
      const pieces = drawn.pieces.map((one) => (one.kind === 'order' ? { ...one, quantity: ++lastQuantity } : one))
      const answers = await answersTo(pieces.map(bytesOf), drawn)
      const own = new Set(pieces.flatMap((one) => (one.kind === 'order' ? [one.quantity] : [])))
      const log = await ordersFrom(next)
      next += log.length
      const placed = log.filter(({ quantity }) => own.has(quantity))
      expect(
        placed.map(({ quantity }) => quantity),
        'carried out in the order in which they came',
      ).toEqual(placed.map(({ quantity }) => quantity).toSorted((a, b) => a - b))

      const end = pieces.findIndex(({ kind }) => kind === 'broken')
      const before = end < 0 ? pieces : pieces.slice(0, end)
      expect(answers.length, 'what came before something broken is answered').toBeGreaterThanOrEqual(before.length)
      expect(answers.length).toBeLessThanOrEqual(end < 0 ? before.length : before.length + 1)
      for (const [at, { status, body }] of answers.entries()) {
        const one = pieces[at]
        if (one?.kind === 'order') {
          expect(status).toBe(200)
          expect(placed.find(({ number }) => number === body.data?.transaction_number)?.quantity).toBe(one.quantity)
        } else if (one?.kind === 'lookup') expect({ status, name: body.data?.name }).toEqual({ status: 200, name: one.name })
        else expect(status).toBeGreaterThanOrEqual(400)
      }
      // A request without an answer came after the end of its connection, and was not carried out.
      expect(placed).toHaveLength(before.filter(({ kind }) => kind === 'order').length)
      met.accepted += placed.length
      met.refused += answers.length - before.length
      met.unanswered += pieces.length - answers.length
    }),
    { numRuns: RUNS },
  )
  expect((await ordersFrom(next)).length + next, 'nothing was placed afterwards').toBe(met.accepted)
  for (const [what, times] of Object.entries(met)) expect(times, what).toBeGreaterThan(RUNS / 10)
})
