import { expect, test } from 'vitest'
import { FramePeer } from '../../test/frame-peer.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { CatalogueToLeader, LeaderToCatalogue } from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { refusal } from '../wire/refusal.ts'
import { serve } from './server.ts'

const SENT = 1_000

test('a connection with frames of which nothing is taken for ten seconds is cut', async () => {
  const lines: string[] = []
  const closed: string[] = []
  const log = { ...silentLogger, warn: (facts: object, words: string) => lines.push(`${words} ${JSON.stringify(facts)}`) }
  const lead = (stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue> => {
    // More than the system holds for a connection, and less than this process does.
    for (let sent = 0; sent < SENT; sent += 1) stream.send({ refused: refusal('x'.repeat(16_000)) } as CatalogueToLeader)
    return { message: () => {}, closed: ({ message }) => closed.push(message) }
  }
  const services = { unary: {}, serverStreams: {}, streams: { 'Catalog.Lead': lead } }
  const server = await serve({ host: '127.0.0.1', port: 0, frames: true }, services, log)
  const peer = FramePeer.opening(server.port, 'Catalog.Lead')
  peer.socket.pause()
  try {
    await expect.poll(() => closed).toEqual(['the other end is gone'])
    expect(lines).toEqual([expect.stringMatching(/^connection cut: its other end does not read .*nothing is taken/)])
  } finally {
    peer.socket.destroy()
    await server.close(0)
  }
})
