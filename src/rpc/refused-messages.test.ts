import { Client, credentials, status } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { silentLogger } from '../runtime/logger.ts'
import type { MessageStream, Services, StreamHandlers } from '../wire/network.ts'
import { CHANNEL_OPTIONS } from './channel-options.ts'
import { methodDefinition, type MethodName } from './definitions.ts'
import { grpcNetwork } from './network.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, TradeStockName } from '../wire/messages.ts'
import { serve } from './server.ts'

const ORDER: TradeStockName = { stockName: 'tesla', stockTradeQuantity: 1, tradeType: 'buy', key: '' }
const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function serving(services: Partial<Services>): Promise<{ address: string; lines: string[] }> {
  const lines: string[] = []
  const log = { ...silentLogger, warn: (facts: object, words: string) => lines.push(`${words} ${JSON.stringify(facts)}`) }
  const server = await serve(
    { host: '127.0.0.1', port: 0, frames: true },
    { unary: {}, serverStreams: {}, streams: {}, ...services },
    log as never,
  )
  open.push(() => server.close(0))
  return { address: `127.0.0.1:${server.port}`, lines }
}

const network = grpcNetwork({ host: '127.0.0.1', log: silentLogger, streams: 'frames' })

/** Sends any bytes as the request of a call. Resolves with the status. */
function sendBytes(address: string, method: MethodName, bytes: Buffer): Promise<string> {
  const { path } = methodDefinition(method)
  const client = new Client(address, credentials.createInsecure(), CHANNEL_OPTIONS)
  open.push(() => client.close())
  const call = client.makeBidiStreamRequest(
    path,
    (same: Buffer) => same,
    (same: Buffer) => same,
  )
  const over = new Promise<string>((resolve) => {
    call.on('status', ({ code }) => resolve(status[code]!))
    call.on('error', () => {})
    call.on('data', () => {})
  })
  call.end(bytes)
  return over
}

test('a call with an impossible value is refused with the name of the field, and reaches no handler', async () => {
  const seen: object[] = []
  const accept = (request: object) => {
    seen.push(request)
    return { resultTrade: 1, orderNum: 0 }
  }
  const { address } = await serving({ unary: { 'Catalog.Trade': async (request) => accept(request) } })
  const trading = network.call(address, 'Catalog.Trade', { ...ORDER, key: 'k'.repeat(1_000_000) }, 60_000)
  await expect(trading).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('tradeStockName.key') })
  expect(await network.call(address, 'Catalog.Trade', { ...ORDER, key: 'k' }, 60_000)).toEqual({ resultTrade: 1, orderNum: 0 })
  expect(seen).toEqual([{ ...ORDER, key: 'k' }])
})

test('a call that answers with many messages is refused likewise', async () => {
  const { address } = await serving({ serverStreams: { async *'Order.Synchronize'() {} } })
  const request = { orderNum: -2, synchronizedAdd: '', overReplicate: false }
  await expect(network.callStreaming(address, 'Order.Synchronize', request, 60_000)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('synchronizeTransNum.orderNum'),
  })
})

/** Runs one `Catalog.Session` stream to its end. Returns all that arrived at both ends, and why they closed. */
async function session(send: (stream: MessageStream<FrontEndToCatalogue>) => void, answer?: CatalogueToFrontEnd) {
  const taken: FrontEndToCatalogue[] = []
  const closed = Promise.withResolvers<Error>()
  const serve = (stream: MessageStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> => ({
    message: (message) => {
      taken.push(message)
      if (answer) stream.send(answer)
    },
    closed: closed.resolve,
  })
  const { address, lines } = await serving({ streams: { 'Catalog.Session': serve } })
  const over = Promise.withResolvers<Error>()
  const heard: CatalogueToFrontEnd[] = []
  send(network.openStream(address, 'Catalog.Session', { message: (message) => heard.push(message), closed: over.resolve }))
  return { taken, heard, lines, server: await closed.promise, client: await over.promise }
}

test('an impossible message ends its stream: both ends hear the reason, and a line is logged', async () => {
  const { taken, lines, server, client } = await session((stream) => {
    stream.send({ renew: { ask: 1 } })
    stream.send({ hello: { frontEndId: 'f', address: 'a:1', caching: true, replicas: ['x'] } })
    stream.send({ renew: { ask: 2 } })
  })
  expect(taken).toHaveLength(1)
  for (const { message } of [server, client]) expect(message).toContain('FrontEndToCatalogue.hello.replicas[0] is "x"')
  expect(client).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(lines).toEqual([expect.stringContaining('a message was refused, its stream is ended')])
})

test('so does an impossible answer', async () => {
  const wrong = { grant: { ask: -1, session: 0, leaseMs: 0, clusterId: '' } }
  const { heard, client } = await session((stream) => stream.send({ renew: { ask: 1 } }), wrong)
  expect(heard).toEqual([])
  expect(client.message).toContain('answered what cannot be: CatalogueToFrontEnd.grant.ask is -1')
})

test('for an impossible answer to a call, the answering process is blamed', async () => {
  const { address } = await serving({ unary: { 'Catalog.Confirm': async () => ({ position: -5 }) } })
  await expect(network.call(address, 'Catalog.Confirm', {}, 60_000)).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringContaining('Published.position is -5'),
  })
})

test.each(['Catalog.Trade', 'Order.Synchronize', 'Catalog.Session'] as const)(
  '%s: bytes that are no message are refused',
  async (method) => {
    const { address } = await serving({
      unary: { 'Catalog.Trade': async () => ({ resultTrade: 1, orderNum: 0 }) },
      serverStreams: { async *'Order.Synchronize'() {} },
      streams: { 'Catalog.Session': () => ({ message: () => {}, closed: () => {} }) },
    })
    expect(await sendBytes(address, method, Buffer.alloc(300, 0xff))).toBe('INTERNAL')
  },
)
