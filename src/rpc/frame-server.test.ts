import { connect } from 'node:net'
import { status } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { frame, FramePeer, KINDS } from '../../test/frame-peer.ts'
import { LIMITS } from '../domain/limits.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { CatalogueToLeader, LeaderToCatalogue } from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { refusal } from '../wire/refusal.ts'
import { formsOf } from './definitions.ts'
import { OPENING } from './frames.ts'
import { grpcNetwork } from './network.ts'
import { serve } from './server.ts'

const METHOD = 'Catalog.Lead'
const { request, response } = formsOf(METHOD)
const CONFIRM = request.frame({ confirm: { confirm: 7 } })
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run()
})

/** A server for leaders' streams, and what it hears of them. */
async function serving() {
  const heard: LeaderToCatalogue[] = []
  const closed: string[] = []
  const lines: string[] = []
  const streams: ServedStream<CatalogueToLeader>[] = []
  const log = { ...silentLogger, warn: (facts: object, words: string) => lines.push(`${words} ${JSON.stringify(facts)}`) }
  const lead = (stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue> => {
    streams.push(stream)
    return { message: (message) => heard.push(message), closed: ({ message }) => closed.push(message) }
  }
  const services = { unary: {}, serverStreams: {}, streams: { [METHOD]: lead } }
  const { port, close } = await serve({ host: '127.0.0.1', port: 0, frames: true }, services, log as never)
  cleanUp.push(() => close(0))
  const open = (method?: string) => {
    const peer = FramePeer.opening(port, method)
    cleanUp.push(() => peer.socket.destroy())
    return peer
  }
  return { port, close, open, heard, closed, lines, streams }
}

test('frames are taken as they come, byte by byte or many at once', async () => {
  const { port, heard, streams, open } = await serving()
  const slow = new FramePeer(connect({ port, host: '127.0.0.1', noDelay: true }))
  cleanUp.push(() => slow.socket.destroy())
  for (const byte of Buffer.concat([OPENING, frame(0, METHOD), CONFIRM, CONFIRM])) {
    slow.socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(() => heard.length).toBe(2)
  const quick = open()
  quick.socket.write(Buffer.concat([frame(0, METHOD), ...Array.from({ length: 500 }, () => CONFIRM)]))
  await expect.poll(() => heard.length).toBe(502)
  expect(heard.at(-1)).toEqual(request.decode(CONFIRM.subarray(4)))
  streams[0]!.send({ published: { position: 3 } } as CatalogueToLeader)
  await expect.poll(() => slow.frames().length).toBe(2)
  expect(slow.frames()[0]!.kind).toBe(KINDS.opened)
  expect(response.decode(slow.frames()[1]!.payload)).toMatchObject({ published: { position: 3 } })
})

test('a large message comes in pieces, and what is read after it counts', async () => {
  const { heard, open } = await serving()
  const requests = Array.from({ length: 500 }, () => ({ key: 'f:k', name: 'n'.repeat(250), type: 'buy', quantity: 1 }))
  open(METHOD).socket.write(Buffer.concat([request.frame({ trade: { batch: 1, requests } }), CONFIRM]))
  await expect.poll(() => heard.length).toBe(2)
  expect(heard[0]).toMatchObject({ trade: { batch: 1, requests } })
})

test.each([
  ['a method that is not served', frame(0, 'Order.Route'), status.UNIMPLEMENTED, 'does not implement the method Order.Route'],
  ['no method', frame(0, ''), status.UNIMPLEMENTED, 'does not implement the method '],
  ['a frame that is too large', Buffer.from('GET / HTTP/1.1'), status.RESOURCE_EXHAUSTED, 'is larger than 64'],
  [
    'the head of a frame with more than a name',
    Buffer.from([0, 0, 0, 65]),
    status.RESOURCE_EXHAUSTED,
    'a frame of 65 bytes is larger than 64',
  ],
  ['frames of an unknown kind', frame(0xee, ''), status.INTERNAL, 'frames of kind 238 are unknown'],
])('%s in the first place: the stream ends with the reason', async (_what, bytes, code, words) => {
  const { open, streams } = await serving()
  const peer = open()
  peer.socket.write(bytes)
  await expect.poll(() => peer.isClosed).toBe(true)
  expect(peer.ending).toEqual({ code, words: expect.stringContaining(words) })
  expect(streams).toEqual([])
})

test.each([
  ['another opening', OPENING, status.RESOURCE_EXHAUSTED, 'is larger than'],
  ['a message that is too large', Buffer.from([0x02, 0, 0, 0]), status.RESOURCE_EXHAUSTED, `a frame of ${2 ** 25} bytes`],
  ['a control frame that is too large', Buffer.from([KINDS.ping, 0xff, 0, 0]), status.RESOURCE_EXHAUSTED, 'is larger than'],
  ['bytes that are no message', frame(0, Buffer.alloc(300, 0xff)), status.INTERNAL, 'bytes that are no message'],
  ['a message that cannot be', request.frame({ confirm: { confirm: -1 } }), status.INVALID_ARGUMENT, 'confirm.confirm is -1'],
])('%s on a stream: it ends at both ends with the reason, and nothing after it counts', async (_what, bytes, code, words) => {
  const { open, heard, closed, lines } = await serving()
  const peer = open(METHOD)
  peer.socket.write(Buffer.concat([CONFIRM, bytes, CONFIRM]))
  await expect.poll(() => peer.isClosed).toBe(true)
  expect(peer.ending).toEqual({ code, words: expect.stringContaining(words) })
  expect(closed).toEqual([expect.stringContaining(words)])
  expect(heard).toHaveLength(1)
  expect(lines).toEqual([expect.stringContaining('a message was refused, its stream is ended')])
})

test('a ping is answered', async () => {
  const { open } = await serving()
  const peer = open(METHOD)
  await expect.poll(() => peer.frames().length).toBe(1)
  peer.socket.write(frame(KINDS.ping))
  await expect.poll(() => peer.frames().map(({ kind }) => kind)).toEqual([KINDS.opened, KINDS.pong])
})

test('of many pings at once one is answered', async () => {
  const { open, heard } = await serving()
  const peer = open(METHOD)
  await expect.poll(() => peer.frames().length).toBe(1)
  peer.socket.write(Buffer.concat([...Array.from({ length: 10_000 }, () => frame(KINDS.ping)), CONFIRM]))
  await expect.poll(() => heard.length).toBe(1)
  await expect.poll(() => peer.frames().length).toBeGreaterThan(1)
  expect(peer.frames().length).toBeLessThan(1_000)
})

test('a client that does not answer is given up; one that says anything is not', async () => {
  const { open, closed, streams } = await serving()
  const [silent, other] = [open(METHOD), open(METHOD)]
  await expect.poll(() => streams.length).toBe(2)
  other.socket.on('data', () => other.socket.write(CONFIRM))
  await expect.poll(() => silent.isClosed).toBe(true)
  expect(silent.frames().at(-1)!.kind).toBe(KINDS.ping)
  await expect.poll(() => other.frames().filter(({ kind }) => kind === KINDS.ping).length).toBeGreaterThan(1)
  expect(closed).toEqual(['the other end is gone'])
})

test.each([
  ['ends its side', (peer: FramePeer) => peer.socket.end()],
  ['resets', (peer: FramePeer) => peer.socket.resetAndDestroy()],
])('a client that %s is gone', async (_what, leave) => {
  const { open, closed, streams } = await serving()
  const peer = open(METHOD)
  await expect.poll(() => streams.length).toBe(1)
  leave(peer)
  await expect.poll(() => closed).toEqual(['the other end is gone'])
  await expect.poll(() => peer.isClosed).toBe(true)
})

test('a stream whose other end does not read is ended before it fills the memory', async () => {
  const { open, streams, closed } = await serving()
  const peer = open(METHOD)
  await expect.poll(() => streams.length).toBe(1)
  peer.socket.pause()
  const page = { refused: refusal('x'.repeat(16_000)) } as CatalogueToLeader
  // Fewer messages than may wait: it is their bytes that end it.
  for (let sent = 0; sent < 10_000 && closed.length === 0; sent += 1) {
    streams[0]!.send(page)
    if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(closed).toEqual(['the other end does not read'])
})

test('so is one that leaves very many small messages unread', async () => {
  const { open, streams, closed } = await serving()
  const peer = open(METHOD)
  await expect.poll(() => streams.length).toBe(1)
  peer.socket.pause()
  for (let position = 0; closed.length === 0 && position < 100_000; position += 1) {
    streams[0]!.send({ published: { position } } as CatalogueToLeader)
  }
  expect(closed).toEqual(['the other end does not read'])
})

test('many answers in one moment are no sign of a reader who does not read, and wait for nobody', async () => {
  const { open, streams, closed } = await serving()
  const peer = open(METHOD)
  await expect.poll(() => streams.length).toBe(1)
  for (let position = 0; position < 5_000; position += 1) streams[0]!.send({ published: { position } } as CatalogueToLeader)
  await streams[0]!.drained()
  await expect.poll(() => peer.frames().length).toBe(5_001)
  expect(closed).toEqual([])
})

test('streams of one kind have one limit, whatever carries them', async () => {
  const { port, open, streams } = await serving()
  const places = LIMITS.streamsOfOneKindMax
  const grpc = grpcNetwork({ host: '127.0.0.1', log: silentLogger, streams: 'grpc' })
  for (let at = 0; at < places / 2; at += 1) {
    open(METHOD)
    const { close, send } = grpc.openStream(`127.0.0.1:${port}`, METHOD, { message() {}, closed() {} })
    cleanUp.push(close)
    send({ confirm: { confirm: 1 } } as LeaderToCatalogue)
  }
  await expect.poll(() => streams.length).toBe(places)
  const late = open(METHOD)
  await expect.poll(() => late.ending).toEqual({ code: status.RESOURCE_EXHAUSTED, words: 'too many streams are open' })
  expect(streams).toHaveLength(places)
})

test('what was said before a server stops arrives, and connections that said nothing do not hold it up', async () => {
  const { port, close, open, streams } = await serving()
  const peer = open(METHOD)
  const mute = new FramePeer(connect({ port, host: '127.0.0.1' }))
  await expect.poll(() => streams.length).toBe(1)
  streams[0]!.send({ refused: refusal('over') } as CatalogueToLeader)
  peer.socket.on('end', () => peer.socket.end())
  await close(60_000)
  await expect.poll(() => peer.isClosed && mute.isClosed).toBe(true)
  expect(peer.frames().map(({ kind }) => kind)).toEqual([KINDS.opened, 0, KINDS.end])
  expect(peer.ending).toEqual({ code: status.OK, words: '' })
})
