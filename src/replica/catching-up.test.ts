import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import { ManualNetwork } from '../../test/manual-network.ts'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { silentLogger } from '../runtime/logger.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { FollowerToLeader, LeaderToFollower } from '../wire/messages.ts'
import { Followers } from './followers.ts'
import { Pace } from './pace.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const ORDER = { name: 'tesla', type: 'sell', quantity: 1, generation: 1, fingerprint: 'print', timeMs: 1 } as const
const MANY = Array.from({ length: 5_000 }, (_, number) => ({ ...ORDER, number, key: `c:${number}` }))
const EMPTY = genesisDigest(GENESIS)

/** A leader with an empty log, and a follower that holds nothing and has not said so yet. */
async function leaderAndFollower() {
  const clock = new ManualClock()
  const net = new ManualNetwork<LeaderToFollower, FollowerToLeader>()
  const log = memoryOrderLog({ diskId: 'disk-3' })
  await log.seal(1, GENESIS)
  const pace = new Pace(clock)
  const hello = () => ({ leaderId: 3, epoch: 1, generation: 1, genesis: GENESIS })
  const followers = new Followers(clock, net.network, silentLogger, { hello, log, pace, published: () => 0 })
  followers.add('order-1:1')
  const { stream } = net
  /** The numbers of entries in the messages so far, after so many ms more. */
  const sentAfter = async (ms: number) => {
    clock.pass(ms)
    await settled()
    return stream.sent.flatMap(({ append }) => (append && append.entries.length > 0 ? [append.entries.length] : []))
  }
  return {
    pace,
    sentAfter,
    fill: async (from = 0, to = MANY.length) => {
      await log.append(MANY.slice(from, to), MANY.slice(0, to).reduce(chainDigest, EMPTY))
      followers.logGrew()
    },
    answer: async (length = 0) => {
      stream.say({ state: { replicaId: 1, length, digest: MANY.slice(0, length).reduce(chainDigest, EMPTY) } })
      await settled()
    },
  }
}

test('while no order comes, a learner is sent large pages without a rest', async () => {
  const { fill, answer, sentAfter } = await leaderAndFollower()
  await fill()
  await answer()
  for (let turn = 0; turn < 9; turn += 1) await sentAfter(0)
  expect(await sentAfter(0)).toEqual([2_000, 2_000, 1_000])
})

test('while orders come, a learner is sent smaller pages, with a rest after each', async () => {
  const { fill, answer, sentAfter, pace } = await leaderAndFollower()
  await fill()
  pace.grew(1)
  await answer()
  const soFar: number[] = []
  for (const ms of [0, 0, 1, 0, 1, 0]) soFar.push((await sentAfter(ms)).length)
  expect(soFar).toEqual([1, 1, 2, 2, 3, 3])
  expect((await sentAfter(0))[0]).toBe(LIMITS.learnerBatchMax)
})

test('a follower in sync that lacks something is sent it without a rest, since orders wait for it', async () => {
  const { fill, answer, sentAfter, pace } = await leaderAndFollower()
  await answer()
  pace.grew(MANY.length)
  await fill()
  for (let turn = 0; turn < 9; turn += 1) await sentAfter(0)
  expect(await sentAfter(0)).toEqual([1_000, 1_000, 1_000, 1_000])
})

test('a learner that becomes in-sync while its reader rests is sent the next orders at once', async () => {
  const { fill, answer, sentAfter, pace } = await leaderAndFollower()
  await fill(0, 900)
  pace.grew(1)
  void pace.rest(5, 1_000) // Another reader's; the next rest is as long as one can be.
  await answer()
  expect(await sentAfter(0)).toEqual([900])
  await answer(900)
  pace.grew(10)
  await fill(900, 910)
  await sentAfter(0)
  expect(await sentAfter(0)).toEqual([900, 10])
})
