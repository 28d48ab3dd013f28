import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import { ManualServedStream } from '../../test/manual-network.ts'
import type { FrontEndToReplica, OrderQuery, Pong, ReplicaToFrontEnd, RouteHello } from '../wire/messages.ts'
import type { PendingOrder } from './pending-order.ts'
import { RouteStream, type OrdersFound } from './route-stream.ts'

const HELLO = { frontEndId: 'fe', replicaId: 3, replicaAddress: 'order-3:1' }
const PING = { ping: 7, leaderEpoch: 1, leaderId: 3, clusterId: 'c-1', catalogueAddress: 'catalogue:1' }
const CHANGE = { names: ['tesla'], number: 1 }
const request = (key: string) => ({ key, fingerprint: 'print', name: 'tesla', type: 'buy', quantity: 1 })

/** A front end's stream. What it said is in `sent`, what its owner heard in `heard`. */
function routed() {
  const clock = new ManualClock()
  const heard: (string | RouteHello | undefined)[] = []
  const placed: PendingOrder[] = []
  const asked: { query: OrderQuery; answer: (found: OrdersFound) => void }[] = []
  let route!: RouteStream
  const frontEnd = new ManualServedStream<ReplicaToFrontEnd, FrontEndToReplica>((wire) => {
    route = new RouteStream(clock, wire, {
      greeted: (_route, { frontEndId }) => void heard.push(`hello ${frontEndId}`),
      pinged: ({ ping }, hello) => {
        heard.push(hello)
        return { ping, role: 'leader' } as Pong
      },
      placed: (orders) => void placed.push(...orders),
      asked: (query) => new Promise((answer) => asked.push({ query, answer })),
      tailed: (_route, { tail, from }) => void heard.push(`tail ${tail} from ${from}`),
      gone: (_route, { frontEndId }) => void heard.push(`gone ${frontEndId}`),
    })
    return route.start()
  })
  frontEnd.takesAll = false
  return {
    clock,
    route,
    frontEnd,
    sent: frontEnd.sent,
    heard,
    placed,
    asked,
    says: (what: Partial<FrontEndToReplica>) => frontEnd.say(what),
  }
}

test('a ping is answered by the owner, who hears what the front end has said of itself', () => {
  const { says, sent, heard } = routed()
  says({ ping: PING })
  says({ hello: HELLO, ping: PING })
  expect(heard).toEqual([undefined, 'hello fe', HELLO])
  expect(sent).toEqual([{ pong: { ping: 7, role: 'leader' } }, { pong: { ping: 7, role: 'leader' } }])
})

test('outcomes of one moment travel in one message, each under the number of its order', async () => {
  const { says, placed, sent } = routed()
  says({ place: { first: 40, requests: [request('c:a'), request('c:b')] } })
  placed[1]!.settle({ number: 9, replayed: false })
  placed[0]!.settle({ number: 8, replayed: true })
  await settled()
  const outcomes = [
    { id: 41, number: 9, replayed: false },
    { id: 40, number: 8, replayed: true },
  ]
  expect(sent).toEqual([{ result: { outcomes } }])
})

test('the next listing is read when the front end has taken the one before; single orders do not wait', async () => {
  const { says, asked, sent, frontEnd } = routed()
  says({ query: { query: 1, number: 0, limit: 10 } })
  says({ query: { query: 2, number: 10, limit: 10 } })
  says({ query: { query: 3, number: 5, limit: 0 } })
  expect(asked.map(({ query }) => query.query)).toEqual([1, 3])
  asked[0]!.answer({ kind: 'found', entries: [] })
  await settled()
  expect([sent, asked.length]).toEqual([[{ answer: { query: 1, result: 'found', entries: [] } }], 2])
  frontEnd.take()
  await settled()
  expect(asked.map(({ query }) => query.query)).toEqual([1, 3, 2])
})

test('a listing that waits for too long is not available', async () => {
  const { says, sent, clock } = routed()
  says({ query: { query: 1, number: 0, limit: 10 } })
  says({ query: { query: 2, number: 10, limit: 10 } })
  clock.pass(2_000)
  await settled()
  expect(sent).toEqual([{ answer: { query: 2, result: 'unavailable', entries: [] } }])
})

test('invalidations are confirmed in order', async () => {
  const { route, says, sent } = routed()
  const [first, second] = [route.invalidate(CHANGE), route.invalidate({ ...CHANGE, number: 2 })]
  expect(sent).toEqual([{ invalidate: CHANGE }, { invalidate: { ...CHANGE, number: 2 } }])
  says({ invalidated: CHANGE })
  expect([await first, route.unconfirmed]).toEqual([true, 1])
  says({ invalidated: CHANGE })
  expect([await second, route.unconfirmed]).toEqual([true, 0])
})

test('what is not confirmed when the stream is over never is', async () => {
  const { route, says, frontEnd } = routed()
  const pushed = route.invalidate(CHANGE)
  frontEnd.close()
  says({ invalidated: CHANGE })
  expect([await pushed, route.isGone]).toEqual([false, true])
})

test('the owner is told that a front end is gone which has said who it is', () => {
  const [silent, known] = [routed(), routed()]
  silent.frontEnd.close()
  known.says({ hello: HELLO })
  known.frontEnd.close()
  expect([silent.heard, known.heard]).toEqual([[], ['hello fe', 'gone fe']])
})

test('a front end that says who it is once more is cut off', () => {
  const { says, heard } = routed()
  says({ hello: HELLO })
  says({ hello: { ...HELLO, frontEndId: 'other' } })
  expect(heard).toEqual(['hello fe', 'gone fe'])
})
