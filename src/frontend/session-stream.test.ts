import { expect, test, vi } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, StockAnswer } from '../wire/messages.ts'
import { SessionStream } from './session-stream.ts'

const HELLO = { frontEndId: 'fe', address: 'frontend:1', caching: true, replicas: [] }
const stock = (name: string) => ({ name, priceCents: 1, quantity: 1, volume: 1, cacheable: true, found: true })

/** An open stream, with the test at its other end. */
function newStream() {
  const { net, runtime } = manualRuntime<FrontEndToCatalogue, CatalogueToFrontEnd>()
  const owner = { heard: vi.fn(), granted: vi.fn(), ended: vi.fn(), gone: vi.fn() }
  const stream = new SessionStream(runtime, 'catalogue:1', owner)
  stream.start(HELLO)
  const say = (message: Partial<CatalogueToFrontEnd>) => net.stream.say(message as CatalogueToFrontEnd)
  const answer = (part: Partial<StockAnswer>) => say({ answer: { query: 1, stocks: [], position: 5, more: false, ...part } })
  return { owner, stream, net, say, answer }
}

test('an answer that comes in parts is put together', async () => {
  const { stream, answer } = newStream()
  const asked = stream.query([], 60_000)
  answer({ stocks: [stock('a'), stock('b')], more: true })
  answer({ stocks: [stock('c')], more: true })
  answer({ stocks: [stock('d')] })
  expect((await asked)?.stocks.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
})

test('a catalogue that cannot tell counts as one that has not answered', async () => {
  const { stream, answer } = newStream()
  const asked = stream.query(['a'], 60_000)
  answer({ position: -1 })
  expect(await asked).toBeUndefined()
})

test('a cluster that is not named is undefined', () => {
  const { owner, say } = newStream()
  say({ grant: { ask: 1, session: 2, leaseMs: 500, clusterId: '' } })
  expect(owner.granted).toHaveBeenCalledWith({ ask: 1, session: 2, leaseMs: 500, clusterId: undefined })
})

test('the end of the connection is told once', () => {
  const { owner, stream, net } = newStream()
  net.stream.break('UNAVAILABLE', 'connection reset')
  stream.close()
  expect(owner.gone.mock.calls).toEqual([['connection reset']])
})

test('a closed stream tells its owner nothing', () => {
  const { owner, stream, say } = newStream()
  stream.close()
  say({ grant: { ask: 1, session: 1, leaseMs: 500, clusterId: 'c' }, end: {} })
  for (const call of Object.values(owner)) expect(call).not.toHaveBeenCalled()
})
