import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import type { LeadHello } from '../wire/messages.ts'
import type { LedgerHead } from '../storage/ledger.ts'
import { LeaderJudge } from './leader-judge.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const HEAD: LedgerHead = {
  genesis: GENESIS,
  generation: 7,
  length: 3,
  digest: 'of 3',
  recoveredGeneration: 0,
  lastGeneration: 6,
  publishedAtLeast: 3,
}
const HELLO: LeadHello = {
  replicaId: 1,
  address: 'order-1:1',
  clusterId: 'c-1',
  length: 2,
  digest: 'of 2',
  sealedGeneration: 6,
  lastGeneration: 6,
}

/** The catalogue's answer to a replica that wants to lead, and why the catalogue begins anew, if it does. */
async function judged(hello: Partial<LeadHello>, head: Partial<LedgerHead> = {}) {
  let startedOver: string | undefined
  const ledger = { head: () => ({ ...HEAD, ...head }), digestAt: async (length: number) => `of ${length}` }
  const membership = {
    startOver: async (_replica: unknown, why: string) => {
      startedOver = why
    },
  }
  const refused = await new LeaderJudge(ledger, membership).judge({ ...HELLO, ...hello })
  return { refused, startedOver }
}

test('a log that the ledger begins with can be led from', async () => {
  expect(await judged({})).toEqual({ refused: undefined, startedOver: undefined })
})

test.each([
  ['of no history', ''],
  ['of this history', 'c-1'],
  ['of one that never began', 'c-2'],
])('an empty log %s has to read much, and is told whose history that is', async (_what, clusterId) => {
  const hello = { clusterId, length: 0, digest: '', sealedGeneration: 0, lastGeneration: 0 }
  const { refused } = await judged(hello, { length: LIMITS.leaderGapMax + 1 })
  expect(refused).toMatchObject({ lacksMuch: true, adopt: { generation: 7, genesis: GENESIS } })
})

test('a log with another beginning differs', async () => {
  expect((await judged({ digest: 'of another 2' })).refused).toMatchObject({ differs: true })
})

test('a log of another cluster differs', async () => {
  expect((await judged({ clusterId: 'c-2' })).refused).toMatchObject({ differs: true })
})

test('a log that holds more than the ledger has the catalogue begin anew', async () => {
  const { refused, startedOver } = await judged({ length: 4, digest: 'of 4' })
  expect(refused).toMatchObject({ why: 'the ledger is behind' })
  expect(startedOver).toContain('replica 1 holds 4 entries')
})
