import { expect, test } from 'vitest'
import type { OrderRequest } from '../domain/order.ts'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import type { Clock } from '../runtime/clock.ts'
import type { DecidedBatch, Ledger } from '../storage/ledger.ts'
import { MemoryDisk } from '../storage/memory/disk.ts'
import { memoryLedger } from '../storage/memory/ledger.ts'
import { Decisions } from './decisions.ts'
import { Retention } from './retention.ts'

const clock = { wallMs: () => -5, monotonicMs: () => 0 } as Clock

const sells = (count: number, prefix: string): OrderRequest[] =>
  Array.from({ length: count }, (_, at) => ({ key: `c:${prefix}-${at}`, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }))

/** Decisions on a ledger whose disk may fill up, and what is heard of the groups, in order. */
function deciding() {
  const disk = new MemoryDisk()
  const ledger: Ledger = memoryLedger({ genesis: { clusterId: 'c-1', stocks: OPENING_CATALOGUE }, disk })
  const heard: { readonly group: DecidedBatch; readonly callers: ReadonlySet<object | undefined> }[] = []
  const decisions = new Decisions(ledger, clock, new Retention(clock, undefined), (group, callers) => void heard.push({ group, callers }))
  return { decisions, disk, heard, ledger }
}

test('what arrives while a group is being decided is the next group', async () => {
  const { decisions, heard } = deciding()
  const shares = await Promise.all(['a', 'b', 'c'].map((prefix) => decisions.decide(sells(2, prefix))))
  expect(heard.map(({ group }) => group.entries.length)).toEqual([2, 4])
  expect(shares.map(({ group, first, count }) => [group.length, first, count])).toEqual([
    [2, 0, 2],
    [6, 0, 2],
    [6, 2, 2],
  ])
})

test('each caller finds its own outcomes in its share', async () => {
  const { decisions } = deciding()
  const shares = await Promise.all(['a', 'b', 'c'].map((prefix) => decisions.decide(sells(1, prefix))))
  const outcomes = shares.flatMap(({ group, first, count }) => group.outcomes.slice(first, first + count))
  expect(outcomes).toMatchObject([{ number: 0 }, { number: 1 }, { number: 2 }])
})

test('a group is heard of before its callers are, with all of them', async () => {
  const { decisions, heard } = deciding()
  const [one, other] = [{}, {}]
  void decisions.decide(sells(1, 'first'))
  const answered = [decisions.decide(sells(1, 'a'), one), decisions.decide(sells(1, 'b'), other)].map((share) =>
    share.then(() => heard.length),
  )
  expect(await Promise.all(answered)).toEqual([2, 2])
  expect([...heard[1]!.callers]).toEqual([one, other])
})

test('a group is bounded, and a larger one of a single caller is not torn', async () => {
  const { decisions, heard } = deciding()
  const waiting = [1, LIMITS.decisionsMax - 1, 2, LIMITS.decisionsMax + 1].map((count, at) => decisions.decide(sells(count, `${at}`)))
  await Promise.all(waiting)
  expect(heard.map(({ group }) => group.outcomes.length)).toEqual([1, LIMITS.decisionsMax - 1, 2, LIMITS.decisionsMax + 1])
})

test('nothing waits when all is decided', async () => {
  const { decisions } = deciding()
  const decided = decisions.decide(sells(1, 'a'))
  expect(decisions.idle).toBe(false)
  await decided
  await Promise.resolve()
  expect([decisions.idle, decisions.batches, decisions.requests]).toEqual([true, 1, 1])
})

test('a clock before 1970 gives no time below 0', async () => {
  const { decisions, heard } = deciding()
  await decisions.decide(sells(1, 'a'))
  expect(heard[0]!.group.entries[0]!.timeMs).toBe(0)
})

test('when the ledger fails, each caller hears of it, and nobody of a group', async () => {
  const { decisions, disk, heard } = deciding()
  disk.fill()
  const shares = await Promise.allSettled(['a', 'b', 'c'].map((prefix) => decisions.decide(sells(1, prefix))))
  expect(shares.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(heard).toEqual([])
})
