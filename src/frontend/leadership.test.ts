import { expect, test } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { LIMITS } from '../domain/limits.ts'
import type { FrontEndToReplica, Pong, ReplicaToFrontEnd } from '../wire/messages.ts'
import { byFitness, Leadership } from './leadership.ts'
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
  const orders = { led: () => {}, lost: () => {}, settle: () => 'heard' as const }
  const leadership = new Leadership(runtime, { frontEndId: 'fe', system, replicas }, { orders, cache: { invalidate: () => {} } })
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

const PONG = { ping: 1, role: 'follower', epoch: 0, canLead: true, trouble: '', length: 0, clusterId: '', catalogueAddress: 'catalogue:1' }

test.each([
  [1, { followerOne: '', followerTwo: '', moreFollowers: [] }],
  [2, { followerOne: 'order-1:1', followerTwo: '', moreFollowers: [] }],
  [3, { followerOne: 'order-1:1', followerTwo: 'order-2:1', moreFollowers: [] }],
  [5, { followerOne: 'order-1:1', followerTwo: 'order-2:1', moreFollowers: ['order-3:1', 'order-4:1'] }],
])('the replica that is elected among %i is told of all the others', async (count, followers) => {
  const request = { ...followers, epoch: 1, clusterId: 'c-1' }
  expect(await assignmentAmong(count)).toEqual({ address: `order-${count}:1`, method: 'Order.AssignFollowers', request })
})
