import { expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { nextTurn, systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { FollowerToLeader } from '../rpc/messages.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import { Copy } from './copy.ts'
import { FollowerSide } from './follower.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const ORDER = { name: 'tesla', type: 'sell', quantity: 1, generation: 1, fingerprint: 'print', timeMs: 1 } as const
const ENTRIES = [0, 1, 2].map((number) => ({ ...ORDER, number, key: `c:${number}` }))
const digestOf = (length: number): string => ENTRIES.slice(0, length).reduce(chainDigest, genesisDigest(GENESIS))

/** A follower that holds three entries and has said so to a leader; what it says from then on. */
async function greeted() {
  const log = memoryOrderLog({ diskId: 'disk-1' })
  await log.seal(1, GENESIS)
  await log.append(ENTRIES, digestOf(3))
  const said: FollowerToLeader[] = []
  const stream = { send: (message: FollowerToLeader) => void said.push(message), close: () => {} }
  const side = new FollowerSide({ replicaId: 3, clock: systemClock, log: silentLogger, copy: new Copy(log), trouble: () => '' })
  const leader = side.open(stream)
  const tell = async (message: Parameters<typeof leader.message>[0]) => {
    said.length = 0
    leader.message(message)
    await nextTurn(systemClock)
    return said[0]
  }
  expect(await tell({ hello: { leaderId: 2, epoch: 1, generation: 2, genesis: GENESIS } })).toMatchObject({ state: { length: 3 } })
  return (digest: string) => tell({ append: { generation: 2, from: 1, entries: [], digest, published: 1 } })
}

test('R3: a follower with a tail of its own says no more than what the leader has sent', async () => {
  const append = await greeted()
  expect(await append('')).toMatchObject({ state: { length: 1 } })
  expect(await append(digestOf(1))).toMatchObject({ state: { length: 1 } })
})

test('a follower whose log is longer, and another one, says so before anything is decided', async () => {
  const append = await greeted()
  expect(await append(digestOf(2))).toMatchObject({ refused: { why: expect.stringMatching(/^fork at 1/) } })
})
