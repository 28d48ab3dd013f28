import { afterEach, expect, test } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { grpcNetwork, type StreamForm } from '../rpc/network.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue } from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { CatalogueSession } from './session.ts'
import { StockCache } from './stock-cache.ts'

const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run()
})

/** A session over the real network, granted by a catalogue that keeps what it is told. */
async function liveSession(streams: StreamForm) {
  const network = grpcNetwork({ host: '127.0.0.1', log: silentLogger, streams })
  const told: string[] = []
  const open = (stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> => ({
    message: ({ renew, ended }) => {
      if (renew) stream.send({ grant: { ask: renew.ask, session: 1, leaseMs: 60_000, clusterId: 'c-1' } } as CatalogueToFrontEnd)
      if (ended) told.push('ended')
    },
    closed: () => told.push('closed'),
  })
  const server = await network.serve(0, { unary: {}, serverStreams: {}, streams: { 'Catalog.Session': open } })
  cleanUp.push(() => server.close(0))
  const { runtime } = manualRuntime()
  const options = { frontEndId: 'fe', catalogueAddress: `127.0.0.1:${server.port}`, caching: true, replicas: [] }
  const session = new CatalogueSession({ ...runtime, network, clock: systemClock }, options, new StockCache(8))
  session.start('frontend:1')
  await expect.poll(() => session.live).toBe(true)
  return { session, told }
}

test.each(['frames', 'grpc'] as const)(
  'over %s, the catalogue is told that a session has ended before its stream is over',
  async (form) => {
    const { session, told } = await liveSession(form)
    session.close()
    await expect.poll(() => told).toContain('closed')
    expect(told).toEqual(['ended', 'closed'])
  },
)
