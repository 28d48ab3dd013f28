import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { BazaarClient } from '../http/client.ts'
import type { MessageStream, RpcServer, Services } from '../wire/network.ts'
import type { ReplicaToFrontEnd } from '../wire/messages.ts'
import { TcpProxy } from '../../test/nemesis/proxy.ts'
import { Wires } from '../../test/nemesis/wires.ts'
import { grpcNetwork } from './network.ts'

const PATIENCE_MS = 300
const SLOWEST_MS = 60_000
const log = { debug() {}, info() {}, warn() {}, error() {} }
const network = grpcNetwork({ host: '127.0.0.1', log, streams: 'frames' })
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run()
})

/** A proxy in front of a server on that port, and its address. */
async function behindProxy(port: number): Promise<{ proxy: TcpProxy; address: string }> {
  const proxy = new TcpProxy('server', port, new Wires(), () => 'client')
  cleanUp.push(() => proxy.close())
  return { proxy, address: await proxy.listen() }
}

async function serve(services: Partial<Services>): Promise<RpcServer> {
  const server = await network.serve(0, { unary: {}, serverStreams: {}, streams: {}, ...services })
  cleanUp.push(() => server.close(0))
  return server
}

async function serveHttp(): Promise<number> {
  const server: Server = createServer((_, response) => response.end('{"data":{"leader":"a:1"}}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

/** Single calls of every kind, by name. Each function makes one call, and resolves when it is answered. */
const CALLS: Readonly<Record<string, (address: string) => Promise<unknown>>> = {
  call: (address) => network.call(address, 'Catalog.Confirm', {}, PATIENCE_MS),
  callStreaming: (address) =>
    network.callStreaming(address, 'Order.Synchronize', { orderNum: -1, synchronizedAdd: '', overReplicate: false }, PATIENCE_MS),
}

const SERVICES: Partial<Services> = {
  unary: { 'Catalog.Confirm': async () => ({ position: 7 }) },
  serverStreams: {
    async *'Order.Synchronize'() {
      yield { orderNum: 0, stockName: 'tesla', tradeType: 'buy', stockTradeQuantity: 1 }
    },
  },
}

test.each(Object.entries(CALLS))(
  '%s: after one call without an answer the next goes over a new connection',
  async (_, makeCall) => {
    const { port } = await serve(SERVICES)
    const { proxy, address } = await behindProxy(port)
    // The very first call takes long, since it loads much code.
    await expect.poll(() => makeCall(address).then(() => 'answered', String), { timeout: SLOWEST_MS }).toBe('answered')
    expect(proxy.forgetIdle(0)).toBeGreaterThan(0)
    await expect(makeCall(address)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await expect.poll(() => makeCall(address).then(() => 'answered', String), { timeout: SLOWEST_MS }).toBe('answered')
  },
  2 * SLOWEST_MS,
)

test(
  'httpGet: after one request without an answer, no request goes over a connection as old as its own',
  async () => {
    const { proxy, address } = await behindProxy(await serveHttp())
    await Promise.all(Array.from({ length: 8 }, () => network.httpGet(address, '/leader', SLOWEST_MS)))
    expect(proxy.forgetIdle(0)).toBe(8)
    await expect(network.httpGet(address, '/leader', PATIENCE_MS)).rejects.toThrow(/no answer within/)
    expect(await network.httpGet(address, '/leader', SLOWEST_MS)).toMatchObject({ status: 200 })
  },
  2 * SLOWEST_MS,
)

test(
  'the client of a front end: a request without an answer is asked again over a new connection',
  async () => {
    const { proxy, address } = await behindProxy(await serveHttp())
    const client = new BazaarClient({
      host: '127.0.0.1',
      port: Number(address.split(':')[1]),
      timeoutMs: PATIENCE_MS,
      retryForMs: SLOWEST_MS,
    })
    cleanUp.push(() => client.close())
    await Promise.all(Array.from({ length: 8 }, () => client.leader()))
    expect(proxy.forgetIdle(0)).toBeGreaterThan(1) // On a busy machine, some requests were repeated over another connection.
    expect(await client.leader()).toMatchObject({ kind: 'ok' })
  },
  2 * SLOWEST_MS,
)

test(
  'a server does not keep a stream whose connection was forgotten',
  async () => {
    let open = 0
    const route = (_: MessageStream<ReplicaToFrontEnd>) => {
      open += 1
      return { message() {}, closed: () => void (open -= 1) }
    }
    const { port } = await serve({ streams: { 'Order.Route': route } })
    const { proxy, address } = await behindProxy(port)
    const stream = network.openStream(address, 'Order.Route', { message() {}, closed() {} })
    cleanUp.push(() => stream.close())
    await expect.poll(() => open, { timeout: SLOWEST_MS }).toBe(1)
    proxy.forgetIdle(0)
    await expect.poll(() => open, { timeout: SLOWEST_MS }).toBe(0)
  },
  2 * SLOWEST_MS,
)
