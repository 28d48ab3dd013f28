import { connect } from 'node:http2'
import { Client, credentials } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { silentLogger } from '../runtime/logger.ts'
import type { MessageStream } from '../wire/network.ts'
import { WINDOW_BYTES } from './channel-options.ts'
import { methodDefinition } from './definitions.ts'
import type { CatalogueToLeader } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import { serve } from './server.ts'

test('a server lets its clients send as much ahead as they let it', async () => {
  const server = await serve({ host: '127.0.0.1', port: 0, frames: true }, { unary: {}, serverStreams: {}, streams: {} }, silentLogger)
  const session = connect(`http://127.0.0.1:${server.port}`)
  try {
    const widened = new Promise<number | undefined>((resolve) =>
      session.on('remoteSettings', ({ initialWindowSize = 0 }) => initialWindowSize === WINDOW_BYTES && resolve(initialWindowSize)),
    )
    session
      .request({ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc' })
      .on('error', () => {})
      .end()
    expect(await widened).toBe(WINDOW_BYTES)
    await expect.poll(() => session.state.remoteWindowSize).toBeGreaterThanOrEqual(WINDOW_BYTES)
  } finally {
    session.destroy()
    await server.close(0)
  }
})

test('a stream whose other end does not read is ended before it fills the memory', async () => {
  let stream: MessageStream<CatalogueToLeader> | undefined
  let closed: string | undefined
  const opened = Promise.withResolvers<void>()
  const services = {
    unary: {},
    serverStreams: {},
    streams: {
      'Catalog.Lead': (opening: MessageStream<CatalogueToLeader>) => {
        stream = opening
        opened.resolve()
        return {
          message: () => {},
          closed: (cause: Error) => {
            closed = cause.message
          },
        }
      },
    },
  }
  const server = await serve({ host: '127.0.0.1', port: 0, frames: true }, services, silentLogger)
  const { path, requestSerialize, responseDeserialize } = methodDefinition('Catalog.Lead')
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
  try {
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    call.on('error', () => {})
    call.pause()
    call.write({})
    await opened.promise
    const message = { refused: refusal('x'.repeat(100_000)) }
    for (let sent = 0; sent < 3_000 && closed === undefined; sent += 1) {
      stream?.send(message as CatalogueToLeader)
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(closed).toBe('the other end does not read')
  } finally {
    client.close()
    await server.close(0)
  }
})
