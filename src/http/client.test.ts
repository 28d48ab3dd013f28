import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { BazaarClient, type ClientOptions } from './client.ts'

type Reply = (request: IncomingMessage, response: ServerResponse, body: string) => void

const open: (Server | BazaarClient)[] = []

afterEach(() => {
  for (const each of open.splice(0)) {
    if (each instanceof BazaarClient) each.close()
    else each.close().closeAllConnections()
  }
})

/**
 * Starts a front end that gives these replies one after the other, the last one for ever. Returns its port, and what it was
 * asked.
 */
async function frontEnd(...replies: Reply[]) {
  const requests: { method: string; path: string; key: string | undefined; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const key = request.headers['idempotency-key'] as string | undefined
    requests.push({ method: request.method ?? '', path: request.url ?? '', key, body })
    const reply = replies[Math.min(requests.length, replies.length) - 1]
    reply?.(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(server)
  return { requests, port: (server.address() as AddressInfo).port }
}

function clientAt(port: number, options: Partial<ClientOptions> = {}): BazaarClient {
  const client = new BazaarClient({ host: '127.0.0.1', port, ...options })
  open.push(client)
  return client
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
const placed = json(200, { data: { transaction_number: 7 } })
const hangUp: Reply = (request) => request.socket.destroy()
const silent: Reply = () => {}
const order = { name: 'tesla', type: 'buy', quantity: 5 }

describe('reading', () => {
  test('answers with the data member', async () => {
    const { port, requests } = await frontEnd(json(200, { data: { name: 'a b', price: 1.5, quantity: 2 } }))
    expect(await clientAt(port).stock('a b')).toEqual({ kind: 'ok', value: { name: 'a b', price: 1.5, quantity: 2 } })
    expect(requests[0]?.path).toBe('/stocks/a%20b')
  })

  test('a refusal is an answer, and is not asked for again', async () => {
    const { port, requests } = await frontEnd(json(404, { error: { code: 404, message: 'transaction not found' } }))
    expect(await clientAt(port).order(9)).toEqual({
      kind: 'refused',
      status: 404,
      code: 404,
      message: 'transaction not found',
    })
    expect(requests).toHaveLength(1)
  })

  test('lists orders from the start by default', async () => {
    const { port, requests } = await frontEnd(json(200, { data: { orders: [] } }))
    await clientAt(port).orders()
    expect(requests[0]?.path).toBe('/orders?after=-1&limit=100')
  })

  test('a body that is no JSON is unknown, not refused', async () => {
    const { port } = await frontEnd((_, response) => response.writeHead(502).end('<html>'))
    expect(await clientAt(port, { retryForMs: 0 }).stocks()).toMatchObject({ kind: 'unknown' })
  })
})

describe('placing', () => {
  test('sends the members of the contract and a key of its own', async () => {
    const { port, requests } = await frontEnd(placed)
    const answer = await clientAt(port).place(order)
    expect(answer).toEqual({ kind: 'ok', number: 7, replayed: false, key: requests[0]?.key })
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/orders', key: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(order)
  })

  test('repeats a broken connection, a 503 and a 500 under the same key', async () => {
    const trouble = json(503, { error: { code: 503, message: 'no leader' } })
    const { port, requests } = await frontEnd(hangUp, trouble, json(500, {}), placed)
    expect(await clientAt(port).place(order)).toMatchObject({ kind: 'ok', number: 7 })
    expect(requests).toHaveLength(4)
    expect(new Set(requests.map((request) => request.key)).size).toBe(1)
  })

  test('repeats a request that got no answer in time', async () => {
    const { port, requests } = await frontEnd(silent, json(200, { data: { transaction_number: 3 } }, { 'idempotency-replayed': 'true' }))
    const answer = await clientAt(port, { timeoutMs: 100 }).place(order, { key: 'mine' })
    expect(answer).toEqual({ kind: 'ok', number: 3, replayed: true, key: 'mine' })
    expect(requests.length).toBeGreaterThan(1)
    expect(new Set(requests.map((request) => request.key))).toEqual(new Set(['mine']))
  })

  test('does not repeat a refusal', async () => {
    const { port, requests } = await frontEnd(json(422, { error: { code: 422, message: 'key used' } }))
    expect(await clientAt(port).place(order)).toMatchObject({ kind: 'refused', status: 422 })
    expect(requests).toHaveLength(1)
  })

  test('waits as long as the server asks', async () => {
    const { port } = await frontEnd(json(503, { error: { code: 503, message: 'busy' } }, { 'retry-after': '1' }), placed)
    const before = performance.now()
    expect(await clientAt(port).place(order)).toMatchObject({ kind: 'ok' })
    expect(performance.now() - before).toBeGreaterThan(990)
  })

  test('gives up in time, and says that the order may have been placed', async () => {
    const { port } = await frontEnd(hangUp)
    const answer = await clientAt(port, { retryForMs: 300 }).place(order, { key: 'k' })
    expect(answer).toMatchObject({ kind: 'unknown', key: 'k', mayHaveBeenPlaced: true })
  })

  test('an order whose connection was reset may have been placed, whatever is said of its repeat', async () => {
    const trouble = json(503, { error: { code: 503, message: 'no leader' } })
    const { port, requests } = await frontEnd(placed, hangUp, trouble)
    const client = clientAt(port, { retryForMs: 0 })
    await client.place(order)
    expect(await client.place(order, { key: 'k' })).toMatchObject({ kind: 'unknown', mayHaveBeenPlaced: true })
    expect(requests.map(({ key }) => key).slice(1)).toEqual(['k', 'k'])
  })

  test('knows that nothing was placed when nobody listens', async () => {
    const answer = await clientAt(1, { retryForMs: 100 }).place(order)
    expect(answer).toMatchObject({ kind: 'unknown', mayHaveBeenPlaced: false })
  })

  test.each([
    { with: 'a key', body: { idempotencyKey: 'k' }, may: true },
    { with: 'no key', body: {}, may: false },
  ])('reads a 503 with $with', async ({ body, may }) => {
    const { port } = await frontEnd(json(503, { error: { code: 503, message: 'm', ...body } }))
    expect(await clientAt(port, { retryForMs: 0 }).place(order)).toMatchObject({
      kind: 'unknown',
      mayHaveBeenPlaced: may,
    })
  })
})

test('a kept connection that the server closed costs nothing', async () => {
  const leader = json(200, { data: { leader: 'h:1' } })
  const { port, requests } = await frontEnd(leader, hangUp, leader)
  const client = clientAt(port, { retryForMs: 0 })
  await client.leader()
  expect(await client.leader()).toEqual({ kind: 'ok', value: { leader: 'h:1' } })
  expect(requests).toHaveLength(3)
})
