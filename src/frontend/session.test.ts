import { expect, test } from 'vitest'
import { HandClock } from '../../test/hand-clock.ts'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { Clock } from '../runtime/clock.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, StockView } from '../wire/messages.ts'
import { CatalogueSession } from './session.ts'
import { StockCache } from './stock-cache.ts'

const LEASE_MS = 500
/** Longer than a stream may be silent. */
const SILENT_MS = 1_500
const TESLA: StockView = { name: 'tesla', priceCents: 100, quantity: 10, volume: 10, cacheable: true, found: true }

/** A session and its cache. The test plays the catalogue. `ownClock`: the session's, when it is not that of the runtime. */
function newSession(ownClock?: Clock) {
  const { clock, net, runtime } = manualRuntime<FrontEndToCatalogue, CatalogueToFrontEnd>()
  const cache = new StockCache(8)
  const options = { frontEndId: 'fe', catalogueAddress: 'catalogue:1', caching: true, replicas: ['1=order-1:1'] }
  const session = new CatalogueSession({ ...runtime, clock: ownClock ?? clock }, options, cache)
  const lastAsk = () => net.stream.sent.findLast(({ renew }) => renew)!.renew!.ask
  return {
    ...{ clock, net, cache, session },
    /** The catalogue answers the last renewal. */
    grant: (number: number, leaseMs = LEASE_MS) =>
      net.stream.say({ grant: { ask: lastAsk(), session: number, leaseMs, clusterId: 'c-1' } } as CatalogueToFrontEnd),
    put: () => cache.put(TESLA, 5, cache.ticket()),
    serves: () => cache.get('tesla', session.isLiveForUse()) !== undefined,
    renewals: () => net.streams.flatMap(({ sent }) => sent).filter(({ renew }) => renew).length,
  }
}

/** The same, but started, and with a stock cached under session 1. */
function newLiveSession() {
  const made = newSession()
  made.session.start('frontend:1')
  made.grant(1)
  made.put()
  expect(made.serves()).toBe(true)
  return made
}

test('a session that is not started connects to nobody and waits for nothing', () => {
  const { clock, net, session } = newSession()
  expect([net.streams.length, clock.timers, session.live]).toEqual([0, 0, false])
})

test('a session introduces itself, then asks for a lease, and again in time', () => {
  const { clock, net, session } = newSession()
  session.start('frontend:1')
  const hello = { frontEndId: 'fe', address: 'frontend:1', caching: true, replicas: ['1=order-1:1'] }
  expect(net.stream.sent).toEqual([{ hello }, { renew: { ask: 1 } }])
  clock.pass(LEASE_MS / 2)
  expect(net.stream.sent.at(-1)).toEqual({ renew: { ask: 3 } })
})

test('a renewal of the same session keeps what is cached', () => {
  const { clock, grant, serves } = newLiveSession()
  clock.pass(LEASE_MS / 2)
  grant(1)
  clock.pass(LEASE_MS / 2)
  expect(serves()).toBe(true)
})

test('another session begins with an empty cache', () => {
  const { clock, grant, serves } = newLiveSession()
  clock.pass(LEASE_MS / 2)
  grant(2)
  expect(serves()).toBe(false)
})

test('the same session begins anew once its lease was over in between', () => {
  const { clock, grant, serves } = newLiveSession()
  clock.pass(LEASE_MS)
  grant(1)
  expect(serves()).toBe(false)
})

test('a session that the catalogue ends leaves nothing cached, and the catalogue is told', () => {
  const { net, session, serves } = newLiveSession()
  net.stream.say({ end: {} } as CatalogueToFrontEnd)
  expect(session.live).toBe(false)
  expect(serves()).toBe(false)
  expect(net.stream.sent.at(-1)).toEqual({ ended: {} })
})

test('when the stream breaks, the cache serves until the lease is over', () => {
  const { clock, net, serves } = newLiveSession()
  net.stream.break()
  clock.pass(LEASE_MS / 2)
  expect(serves()).toBe(true)
  clock.pass(LEASE_MS / 2)
  expect(serves()).toBe(false)
})

test('the number of a session means nothing on the next stream: the cache begins anew', () => {
  const { clock, net, grant, serves } = newLiveSession()
  net.stream.break()
  clock.pass(LEASE_MS / 4)
  expect(net.streams).toHaveLength(2)
  grant(1)
  expect(serves()).toBe(false)
})

test('a stream on which nothing arrives is replaced, and one on which something does is not', () => {
  const { clock, net, grant } = newLiveSession()
  clock.pass(SILENT_MS / 2)
  grant(1)
  clock.pass(SILENT_MS / 2)
  expect(net.streams).toHaveLength(1)
  clock.pass(SILENT_MS / 2)
  expect(net.streams.map(({ isOpen }) => isOpen)).toEqual([false, true])
})

test('a question on a stream that breaks gets no answer, at once', async () => {
  const { net, session } = newLiveSession()
  const asked = session.query(['tesla'], 60_000)
  net.stream.break()
  expect(await asked).toBeUndefined()
  expect(await session.query(['tesla'], 60_000)).toBeUndefined()
})

test('the cluster is known once the catalogue has named it', () => {
  const { grant, session } = newSession()
  session.start('frontend:1')
  expect(session.clusterId).toBeUndefined()
  grant(0, 0)
  expect(session.clusterId).toBe('c-1')
})

test('a closed session tells the catalogue so, and neither waits nor connects any more', () => {
  const { clock, net, session } = newLiveSession()
  session.close()
  expect(net.stream.sent.at(-1)).toEqual({ ended: {} })
  expect([net.stream.isOpen, session.live], 'its last word leaves first').toEqual([true, false])
  clock.pass(0)
  expect([net.stream.isOpen, clock.timers]).toEqual([false, 0])
  clock.pass(SILENT_MS)
  expect(net.streams).toHaveLength(1)
})

/** The same at rest: nobody has looked anything up for long. */
function newRestingSession() {
  const made = newLiveSession()
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      const before = made.renewals()
      made.clock.pass(10)
      if (made.renewals() > before) made.grant(1)
    }
  }
  pass(10_000)
  const renewalsWithin = (ms: number) => {
    const before = made.renewals()
    pass(ms)
    return made.renewals() - before
  }
  return { ...made, pass, renewalsWithin }
}

test('when nobody looks anything up the lease lapses; renewals are rare until somebody does', () => {
  const { session, net, serves, put, pass, renewalsWithin } = newRestingSession()
  expect(renewalsWithin(10_000)).toBe(5)
  pass(700)
  expect([session.live, serves()], 'nothing old is served').toEqual([false, false])
  expect(renewalsWithin(10)).toBe(1)
  put()
  expect(serves()).toBe(true)
  expect(renewalsWithin(4_800)).toBe(40)
  expect(serves(), 'a lease that is renewed in time keeps the cache').toBe(true)
  expect(net.streams).toHaveLength(1)
  session.close()
})

test('a lookup at rest finds out that the catalogue is silent as soon as one under load', () => {
  const { clock, session, net, serves } = newRestingSession()
  clock.pass(2_000) // Nothing is answered from here on.
  expect(net.streams).toHaveLength(1)
  serves()
  clock.pass(900)
  expect(net.streams, 'it has its time from then on').toHaveLength(1)
  clock.pass(200)
  expect(net.streams).toHaveLength(2)
  session.close()
})

test('a stream that breaks at rest is opened again at once', () => {
  const { clock, session, net } = newRestingSession()
  clock.pass(100)
  net.stream.break()
  clock.pass(10)
  expect(net.streams).toHaveLength(2)
  session.close()
})

test('after the machine stood still at rest, the catalogue is asked once more before it is taken for silent', () => {
  const hand = new HandClock()
  const { net, session, grant, renewals } = newSession(hand.clock)
  const untilRenewed = () => {
    const before = renewals()
    for (let ms = 0; ms < SILENT_MS * 2 && renewals() === before; ms += 1) hand.run(1)
  }
  session.start('frontend:1')
  grant(1)
  for (let renewal = 0; renewal < 50; renewal += 1) {
    untilRenewed()
    grant(1)
  }
  untilRenewed()
  hand.standStill(10_000)
  hand.run(880)
  expect(net.streams, 'it has its time from then on').toHaveLength(1)
  hand.run(220)
  expect(net.streams).toHaveLength(2)
  session.close()
})
