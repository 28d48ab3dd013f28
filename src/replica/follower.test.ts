import { expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { nextTurn, systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { FollowerToLeader } from '../wire/messages.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { Belonging } from './belonging.ts'
import { Copy } from './copy.ts'
import { FollowerSide } from './follower.ts'
import { Pace } from './pace.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const ORDER = { name: 'tesla', type: 'sell', quantity: 1, generation: 1, fingerprint: 'print', timeMs: 1 } as const
const ENTRIES = [0, 1, 2].map((number) => ({ ...ORDER, number, key: `c:${number}` }))
const digestOf = (length: number): string => ENTRIES.slice(0, length).reduce(chainDigest, genesisDigest(GENESIS))

/** A follower that holds three entries. */
async function followerOfThree(): Promise<FollowerSide> {
  const log = memoryOrderLog({ diskId: 'disk-1' })
  await log.seal(1, GENESIS)
  await log.append(ENTRIES, digestOf(3))
  const belonging = { requireOwnHistory: async () => {} } as unknown as Belonging
  const owner = { leaderless: () => {}, differs: () => {}, isLonger: () => {} }
  return new FollowerSide({
    replicaId: 3,
    clock: systemClock,
    log: silentLogger,
    copy: new Copy(log, new Pace(systemClock)),
    belonging,
    trouble: () => undefined,
    owner,
  })
}

/** Says hello to it as a leader that knows so much to be published; returns what tells it more, and hears its answer. */
async function lead(side: FollowerSide, leaderId: number, epoch: number, published = 1) {
  const said: FollowerToLeader[] = []
  const close = () => follower.closed(new RpcError('UNAVAILABLE', 'closed by this end'))
  const follower = side.open({ send: (message: FollowerToLeader) => void said.push(message), close })
  const tell = async (message: Parameters<typeof follower.message>[0]) => {
    const before = said.length
    follower.message(message)
    await nextTurn(systemClock)
    return said[before]
  }
  expect(await tell({ hello: { leaderId, epoch, generation: 2, genesis: GENESIS } })).toMatchObject({ state: { length: 3 } })
  return (from: number, digest: string) => tell({ append: { generation: 2, from, entries: [], digest, published, resting: false } })
}

test('R3: a follower with a tail of its own says no more than what the leader has sent', async () => {
  const append = await lead(await followerOfThree(), 2, 1)
  expect(await append(1, '')).toMatchObject({ state: { length: 1 } })
  expect(await append(1, digestOf(1))).toMatchObject({ state: { length: 1 } })
})

test('R6: a follower takes for published only what was compared with the log of its leader, whatever its own tail holds', async () => {
  const side = await followerOfThree()
  const append = await lead(side, 2, 1, 3)
  await append(1, digestOf(1))
  expect(side.published).toBe(1)
  await append(1, '')
  expect(side.published).toBe(1)
  await append(3, digestOf(3))
  expect(side.published).toBe(3)
})

test('R6: what comes behind an offer that was refused says nothing of what is published', async () => {
  const side = await followerOfThree()
  const append = await lead(side, 2, 1, 3)
  const [refused] = await Promise.all([append(2, digestOf(1)), append(3, '')])
  expect(refused).toMatchObject({ refused: {} })
  expect(side.published).toBe(0)
})

test('a follower whose log is longer, and another one, says so before anything is decided', async () => {
  const append = await lead(await followerOfThree(), 2, 1)
  expect(await append(1, digestOf(2))).toMatchObject({ refused: { why: expect.stringMatching(/^fork at 1/) } })
})

test('of two leaders it follows the one that it heard last: the machine of the other may be gone', async () => {
  const side = await followerOfThree()
  await lead(side, 1, 2)
  const append = await lead(side, 2, 1)
  expect(side.leader).toEqual({ replicaId: 2, epoch: 1 })
  const appendAsFirst = await lead(side, 1, 3)
  expect(side.leader).toEqual({ replicaId: 1, epoch: 3 })
  await append(3, digestOf(3))
  expect(side.leader).toEqual({ replicaId: 2, epoch: 1 })
  await appendAsFirst(3, digestOf(3))
  expect(side.leader).toEqual({ replicaId: 1, epoch: 3 })
})
