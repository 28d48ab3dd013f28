import { expect, test } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { LIMITS } from '../domain/limits.ts'
import type { FrontEndToReplica, Pong, ReplicaToFrontEnd } from '../wire/messages.ts'
import { byFitness, Leadership } from './leadership.ts'
import type { OrderTaker } from './orders.ts'
import type { ReplicaLink } from './replica-link.ts'
import type { ReplicaState } from './route-stream.ts'

const LONG = 100_000

/** Ids in the order in which they would be asked to lead. */
const order = (
  ...replicas: readonly { readonly id: number; readonly length: number; readonly canLead?: boolean; readonly isForeign?: boolean }[]
) =>
  byFitness(
    replicas.map(({ id, length, canLead = true, isForeign = false }) => ({ id, isForeign, state: { length, canLead } as ReplicaState })),
  ).map(({ id }) => id)

test.each([
  ['equal logs: the highest id first', order({ id: 1, length: 5 }, { id: 3, length: 5 }, { id: 2, length: 5 }), [3, 2, 1]],
  ['a little behind', order({ id: 1, length: LONG }, { id: 2, length: LONG - LIMITS.leaderGapMax }), [2, 1]],
  ['far behind: last', order({ id: 1, length: LONG }, { id: 2, length: LONG - LIMITS.leaderGapMax - 1 }), [1, 2]],
  ['the longest cannot lead', order({ id: 1, length: 0 }, { id: 2, length: 5 }, { id: 3, length: LONG, canLead: false }), [2, 1]],
  [
    'another program: behind all of ours, whatever its id',
    order({ id: 9, length: 0, isForeign: true }, { id: 1, length: LONG }, { id: 2, length: 0 }, { id: 8, length: 0, isForeign: true }),
    [1, 2, 9, 8],
  ],
  ['nobody can', order({ id: 1, length: 0, canLead: false }), []],
  ['nobody is there', order(), []],
])('%s', (_what, found, expected) => expect(found).toEqual(expected))

/** Returns the front end's request to the replica that it elects, when all of so many replicas answer. */
async function assignmentAmong(count: number) {
  const { clock, net, runtime } = manualRuntime<FrontEndToReplica, ReplicaToFrontEnd>()
  const replicas = Array.from({ length: count }, (_, at) => ({ id: at + 1, address: `order-${at + 1}:1` }))
  const system = { clusterId: 'c-1', catalogueAddress: 'catalogue:1' }
  const orders = { waiting: 0, led: () => {}, lost: () => {}, settle: () => 'heard' as const }
  const leadership = new Leadership(runtime, { frontEndId: 'fe', system, replicas }, { orders, cache: { invalidate: () => {} }, ...NOBODY })
  leadership.start()
  net.streams.forEach((stream, at) => {
    const pong: Pong = { ...PONG, replicaId: at + 1 }
    stream.say({ pong } as ReplicaToFrontEnd)
  })
  // An election looks again and again for replicas that answer.
  const callsSoFar = () => {
    clock.pass(20)
    return net.calls
  }
  await expect.poll(callsSoFar).toHaveLength(1)
  leadership.close()
  return net.calls[0]
}

const NOBODY = { feed: { tailed: () => {} }, watcher: { led: () => {}, leaderLost: () => {} } }
const PONG = {
  ping: 1,
  role: 'follower',
  epoch: 0,
  canLead: true,
  trouble: '',
  length: 0,
  clusterId: '',
  catalogueAddress: 'catalogue:1',
  tails: false,
}

test.each([
  [1, { followerOne: '', followerTwo: '', moreFollowers: [] }],
  [2, { followerOne: 'order-1:1', followerTwo: '', moreFollowers: [] }],
  [3, { followerOne: 'order-1:1', followerTwo: 'order-2:1', moreFollowers: [] }],
  [5, { followerOne: 'order-1:1', followerTwo: 'order-2:1', moreFollowers: ['order-3:1', 'order-4:1'] }],
])('the replica that is elected among %i is told of all the others', async (count, followers) => {
  const request = { ...followers, epoch: 1, clusterId: 'c-1' }
  expect(await assignmentAmong(count)).toEqual({ address: `order-${count}:1`, method: 'Order.AssignFollowers', request })
})

/** A front end at rest: all three replicas answer, and the third one leads. */
function resting() {
  const { clock, net, runtime } = manualRuntime<FrontEndToReplica, ReplicaToFrontEnd>()
  const replicas = [1, 2, 3].map((id) => ({ id, address: `order-${id}:1` }))
  const system = { clusterId: 'c-1', catalogueAddress: 'catalogue:1' }
  const lost: number[] = []
  const orders = {
    waiting: 0,
    led: () => {},
    lost: (taker: OrderTaker) => void lost.push(leadership.links.indexOf(taker as ReplicaLink) + 1),
    settle: () => 'heard' as const,
  }
  const leadership: Leadership = new Leadership(
    runtime,
    { frontEndId: 'fe', system, replicas },
    { orders, cache: { invalidate: () => {} }, ...NOBODY },
  )
  const frozen = new Set<number>()
  const answered: number[] = [0, 0, 0]
  // The connection that is tried next finds nobody.
  const answer = () =>
    net.streams.slice(0, 3).forEach((stream, at) => {
      const last = stream.sent.findLast(({ ping }) => ping)?.ping?.ping ?? 0
      if (last === answered[at] || frozen.has(at + 1)) return
      answered[at] = last
      const standing = at === 2 ? { role: 'leader', epoch: 1 } : { role: 'follower', epoch: 0 }
      stream.say({ pong: { ...PONG, ping: last, replicaId: at + 1, clusterId: 'c-1', ...standing } } as ReplicaToFrontEnd)
    })
  const pings = () => net.streams[2]!.sent.filter(({ ping }) => ping).length
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.pass(10)
      answer()
    }
  }
  leadership.start()
  answer()
  pass(10_000)
  expect(leadership.leader?.id).toBe(3)
  const pingsWithin = (ms: number) => {
    const before = pings()
    pass(ms)
    return pings() - before
  }
  const reset = (id: number) => net.streams[id - 1]!.break()
  const connections = () => net.streams.length
  return { leadership, orders, lost, frozen, pass, pingsWithin, reset, connections }
}

/** A front end that never rests finds a leader dead within four pings. */
const WITHIN_MS = 600

test('while nobody asks pings are rare; a request makes them frequent at once, and for a while', () => {
  const { leadership, pingsWithin } = resting()
  expect(pingsWithin(10_000)).toBe(5)
  leadership.leader!.place(1, [])
  expect(pingsWithin(10)).toBe(1)
  expect(pingsWithin(1_500)).toBe(10)
  pingsWithin(3_000)
  expect(pingsWithin(10_000)).toBe(5)
})

test.each([0, 100, 1_000, 1_990])('a request at rest, %i ms after its leader froze, is lost to it as soon as one under load', (ms) => {
  const { leadership, orders, lost, frozen, pass } = resting()
  frozen.add(3)
  pass(ms)
  expect(lost).toEqual([])
  orders.waiting = 1
  leadership.leader!.place(1, [])
  pass(WITHIN_MS - 200)
  expect(lost, 'three pings are waited for').toEqual([])
  pass(200)
  expect(lost).toEqual([3])
  leadership.close()
})

test('a leader that freezes while nobody asks is found, too', () => {
  const { leadership, lost, frozen, pass } = resting()
  frozen.add(3)
  pass(4_500)
  expect(lost).toEqual([3])
  leadership.close()
})

test('a replica that is away is looked for as often as ever', () => {
  const { leadership, frozen, pass, pingsWithin } = resting()
  frozen.add(1)
  pass(5_000)
  expect(pingsWithin(1_500)).toBe(10)
  leadership.close()
})

test.each([1, 3])('replica %i, whose connection is reset at rest, is connected to again at once', (id) => {
  const { leadership, reset, connections, pass } = resting()
  pass(100)
  const before = connections()
  reset(id)
  pass(10)
  expect(connections()).toBe(before + 1)
  leadership.close()
})
