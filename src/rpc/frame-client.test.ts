import { Duplex } from 'node:stream'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { status } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { frame, KINDS, rawServer, type FramePeer } from '../../test/frame-peer.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue } from '../wire/messages.ts'
import type { MessageStream, ServedStream, Services, StreamHandlers } from '../wire/network.ts'
import type { RpcError } from '../wire/rpc-error.ts'
import { formsOf } from './definitions.ts'
import { openOver } from './frame-client.ts'
import { serveFrames } from './frame-server.ts'
import { OPENED, OPENING } from './frames.ts'
import { grpcNetwork, type StreamForm } from './network.ts'
import { serve } from './server.ts'
import { StreamRoom } from './stream-room.ts'

const METHOD = 'Catalog.Session'
const { request, response } = formsOf(METHOD)
const GRANT = response.frame({ grant: { ask: 1, session: 2, leaseMs: 3, clusterId: 'c' } })
const FORMS: readonly StreamForm[] = ['frames', 'grpc']
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run()
})

/** A client's end, and all that it is told. */
class Caller {
  readonly heard: CatalogueToFrontEnd[] = []
  readonly closed: RpcError[] = []
  readonly stream: MessageStream<FrontEndToCatalogue>

  constructor(open: (handlers: StreamHandlers<CatalogueToFrontEnd>) => MessageStream<FrontEndToCatalogue>) {
    this.stream = open({ message: (message) => this.heard.push(message), closed: (cause) => this.closed.push(cause) })
    cleanUp.push(() => this.stream.close())
  }

  static at(address: string, streams: StreamForm = 'frames'): Caller {
    const network = grpcNetwork({ host: '127.0.0.1', log: silentLogger, streams })
    return new Caller((handlers) => network.openStream(address, METHOD, handlers))
  }

  renew(...asks: readonly number[]): this {
    for (const ask of asks) this.stream.send({ renew: { ask } } as FrontEndToCatalogue)
    return this
  }
}

/** Answers each renewal with a grant for it. */
const granting = (stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> => ({
  message: ({ renew }) => {
    if (renew) stream.send({ grant: { ask: renew.ask, session: 1, leaseMs: 1, clusterId: '' } } as CatalogueToFrontEnd)
  },
  closed: () => {},
})

async function serving(form: StreamForm, streams: Services['streams'] = { [METHOD]: granting }): Promise<string> {
  const server = await serve(
    { host: '127.0.0.1', port: 0, frames: form === 'frames' },
    { unary: {}, serverStreams: {}, streams },
    silentLogger,
  )
  cleanUp.push(() => server.close(0))
  return `127.0.0.1:${server.port}`
}

const asksOf = ({ heard }: Caller) => heard.map(({ grant }) => grant?.ask)
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)

test.each(FORMS.flatMap((ours) => FORMS.map((theirs) => [ours, theirs] as const)))(
  'a client for %s and a server for %s: all messages arrive, in order and once',
  async (ours, theirs) => {
    const caller = Caller.at(await serving(theirs), ours).renew(...upTo(100))
    await expect.poll(() => caller.heard.length).toBe(100)
    caller.renew(100)
    await expect.poll(() => caller.heard.length).toBe(101)
    expect(asksOf(caller)).toEqual(upTo(101))
    caller.stream.close()
    expect(caller.closed).toMatchObject([{ code: 'UNAVAILABLE', message: 'closed by this end' }])
  },
)

test.each(FORMS)('a method that a server for %s does not have is UNIMPLEMENTED', async (form) => {
  const caller = Caller.at(await serving(form, {})).renew(1)
  await expect.poll(() => caller.closed).toMatchObject([{ code: 'UNIMPLEMENTED' }])
})

test.each(FORMS)('where nobody listens, %s say so', async (form) => {
  const { address, close } = await rawServer(() => {})
  close()
  const caller = Caller.at(address, form).renew(1)
  await expect.poll(() => caller.closed).toMatchObject([{ code: 'UNAVAILABLE', message: `connect ECONNREFUSED ${address}` }])
})

test.each(FORMS)('a server for %s that ends a stream is told of as such', async (form) => {
  const ending = (stream: ServedStream<CatalogueToFrontEnd>) => ({ message: () => stream.close(), closed: () => {} })
  const address = await serving(form, { [METHOD]: ending })
  const caller = Caller.at(address).renew(1)
  await expect.poll(() => caller.closed).toMatchObject([{ code: 'UNAVAILABLE', message: `${address} closed the stream` }])
})

test('nothing but the opening is sent before the answer, and then all that waited', async () => {
  const accepted = Promise.withResolvers<FramePeer>()
  const { address, close } = await rawServer(accepted.resolve)
  cleanUp.push(close)
  Caller.at(address).renew(1, 2)
  const peer = await accepted.promise
  await expect.poll(() => peer.received.length).toBe(OPENING.length)
  expect(peer.received).toEqual(OPENING)
  peer.socket.write(OPENED)
  await expect.poll(() => peer.frames(OPENING.length).length).toBe(3)
  const [method, ...messages] = peer.frames(OPENING.length)
  expect(method).toEqual({ kind: 0, payload: Buffer.from(METHOD) })
  expect(messages.map(({ payload }) => request.decode(payload))).toMatchObject([{ renew: { ask: 1 } }, { renew: { ask: 2 } }])
})

test.each([
  ['ends', (peer: FramePeer) => peer.socket.end(), /Connection dropped/],
  ['resets', (peer: FramePeer) => peer.socket.resetAndDestroy(), /ECONNRESET/],
  ['ends after its answer', (peer: FramePeer) => peer.socket.end(OPENED), /Connection dropped/],
  ['breaks off within a frame', (peer: FramePeer) => peer.socket.end(Buffer.concat([OPENED, GRANT.subarray(0, 9)])), /Connection dropped/],
])('a connection that the other end %s is lost', async (_what, leave, words) => {
  const { address, close } = await rawServer(leave)
  cleanUp.push(close)
  const caller = Caller.at(address).renew(1)
  await expect.poll(() => caller.closed).toMatchObject([{ code: 'UNAVAILABLE', message: expect.stringMatching(words) }])
  expect(caller.heard).toEqual([])
})

test.each([
  ['its status', frame(KINDS.end, Buffer.from([status.ABORTED, ...Buffer.from('no more')])), 'ABORTED', 'no more'],
  ['bytes that are no message', frame(0, Buffer.alloc(99, 0xff)), 'INTERNAL', 'answered what cannot be'],
  ['a message that cannot be', response.frame({ grant: { ask: -1 } }), 'INTERNAL', 'CatalogueToFrontEnd.grant.ask is -1'],
  ['a frame that is too large', Buffer.from([0x7f, 0, 0, 0]), 'RESOURCE_EXHAUSTED', 'is larger than'],
  ['frames of an unknown kind', frame(0x99), 'INTERNAL', 'frames of kind 153 are unknown'],
])('%s ends a stream, in the same bytes as its answer, too', async (_what, bytes, code, words) => {
  for (const before of [[], [OPENED]]) {
    const { address, close } = await rawServer(({ socket }) => {
      if (before.length > 0) socket.write(OPENED)
      const rest = Buffer.concat([OPENED, GRANT, bytes, GRANT])
      socket.once('data', () => socket.write(before.length > 0 ? rest.subarray(OPENED.length) : rest))
    })
    cleanUp.push(close)
    const caller = Caller.at(address).renew(1)
    await expect.poll(() => caller.closed).toMatchObject([{ code, message: expect.stringContaining(words) }])
    expect(caller.heard).toHaveLength(1)
  }
})

test('a program that is neither is refused as gRPC refuses it', async () => {
  const { address, close } = await rawServer(({ socket }) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  cleanUp.push(close)
  const caller = Caller.at(address).renew(1)
  await expect.poll(() => caller.closed.length).toBe(1)
  expect(caller.heard).toEqual([])
})

test('nothing is told after a stream was closed, whatever has arrived', async () => {
  const { address, close } = await rawServer(({ socket }) => void socket.write(Buffer.concat([OPENED, GRANT, GRANT, GRANT])))
  cleanUp.push(close)
  const network = grpcNetwork({ host: '127.0.0.1', log: silentLogger, streams: 'frames' })
  let heard = 0
  const closed: string[] = []
  const stream = network.openStream(address, METHOD, {
    message: () => {
      heard += 1
      stream.close()
    },
    closed: ({ message }) => closed.push(message),
  })
  await expect.poll(() => closed).toEqual(['closed by this end'])
  expect(heard).toBe(1)
})

test('the frames of one turn go to the system together', async () => {
  const writes: number[] = []
  const taken = (frames: number, done: () => void) => {
    writes.push(frames)
    done()
  }
  const socket = new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => taken(1, done),
    writev: (chunks, done) => taken(chunks.length, done),
  })
  const caller = new Caller((handlers) => openOver(socket, 'x:1', METHOD, handlers as never, never) as never)
  socket.push(OPENED)
  await new Promise((resolve) => setImmediate(resolve))
  writes.length = 0
  caller.renew(1, 2)
  void Promise.resolve()
    .then(() => caller.renew(3))
    .then(() => caller.renew(4))
  await new Promise((resolve) => setImmediate(resolve))
  expect(writes).toEqual([4])
})

const never = () => {
  throw new Error('gRPC is not asked')
}

test('frames need no more than a stream of bytes: TLS is one', async () => {
  const psk = Buffer.alloc(16, 7)
  const cipher = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const
  const method = { method: METHOD, open: granting, room: new StreamRoom(systemClock), streams: new Set<() => void>(), log: silentLogger }
  const server = createTlsServer({ ...cipher, pskCallback: () => psk }, (socket: TLSSocket) => {
    socket.once('data', (opening: Buffer) => {
      expect(opening).toEqual(OPENING)
      serveFrames(socket, Buffer.alloc(0), new Map([[METHOD, method as never]]), { peer: 'a client', named() {}, unread() {} })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => server.close())
  const socket = connectTls({
    ...cipher,
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    pskCallback: () => ({ psk, identity: 'one of ours' }),
    checkServerIdentity: () => undefined,
  })
  const caller = new Caller((handlers) => openOver(socket, 'x:1', METHOD, handlers as never, never) as never)
  caller.renew(...upTo(1_000))
  await expect.poll(() => caller.heard.length).toBe(1_000)
  expect(asksOf(caller)).toEqual(upTo(1_000))
})
