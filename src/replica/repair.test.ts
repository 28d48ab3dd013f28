import { expect, test } from 'vitest'
import type { Entry } from '../domain/order.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { ReadRequest } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { Copy } from './copy.ts'
import { Pace } from './pace.ts'
import { repair } from './repair.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }

/** Orders of these generations; their keys say whose they are. */
const ordersOf = (whose: string, generations: readonly number[], from = 0): Entry[] =>
  generations.map((generation, at) => {
    return { number: from + at, generation, key: `c:${whose}-${at}`, fingerprint: 'p', name: 'tesla', type: 'sell', quantity: 1, timeMs: 1 }
  })

interface Logs {
  /** Generations of the orders that both hold, and of what each has behind them. */
  readonly common: readonly number[]
  readonly own: readonly number[]
  readonly ledger: readonly number[]
  readonly recoveredGeneration?: number
}

/** Compares a log with a ledger; returns what became of it. */
async function compared({ common, own, ledger, recoveredGeneration = 0 }: Logs) {
  const both = ordersOf('both', common)
  const [mine, theirs] = [own, ledger].map((tail, at) => [...both, ...ordersOf(`${at}`, tail, both.length)]) as [Entry[], Entry[]]
  const log = memoryOrderLog({ diskId: 'd' })
  await log.seal(1, GENESIS)
  await log.append(mine, mine.reduce(chainDigest, genesisDigest(GENESIS)))
  const call = async (_address: string, _method: string, { from, limit }: ReadRequest) => {
    const entries = theirs.slice(from, from + limit)
    const digest = theirs.slice(0, from + entries.length).reduce(chainDigest, genesisDigest(GENESIS))
    return { entries, digest, length: theirs.length, generation: 9_000, recoveredGeneration }
  }
  const runtime = { clock: systemClock, log: silentLogger, network: { call } } as unknown as Runtime
  const kept = await repair(runtime, new Copy(log, new Pace(systemClock)), 'catalogue:1')
  return { ...kept, length: log.head().length, cut: log.cutTails.map((tail) => tail.length) }
}

test.each([
  ['and the ledger has gone on since', { common: [1, 5], own: [5, 6], ledger: [1_006] }],
  ['and the ledger has not gone on since', { common: [1, 5], own: [6], ledger: [], recoveredGeneration: 1_006 }],
  ['with all orders', { common: [], own: [1, 2], ledger: [1_003] }],
  ['and a second one has given up what began behind the gap of the first', { common: [1], own: [1_002], ledger: [2_003] }],
] satisfies [string, Logs][])('a tail that a recovery has given up is cut, %s (R4)', async (_what, logs) => {
  expect(await compared(logs)).toEqual({ length: logs.common.length, cut: [logs.own.length] })
})

test.each([
  ['as old as the ledger’s orders there', { common: [1], own: [2], ledger: [2] }],
  ['older, but no generation was skipped: a copy went on apart', { common: [1], own: [2, 2], ledger: [4, 5] }],
  ['older, and the ledger was recovered later from all logs', { common: [1], own: [2], ledger: [4], recoveredGeneration: 7 }],
  ['newer', { common: [1], own: [4], ledger: [3] }],
  ['older where it begins, and newer where it ends', { common: [1], own: [2, 1_007], ledger: [1_005] }],
  ['older, but it began behind the gap, too: copies parted right after it', { common: [1], own: [1_002, 1_002], ledger: [1_003] }],
  ['the same, and the ledger was recovered later', { common: [1], own: [1_002], ledger: [1_004], recoveredGeneration: 1_004 }],
] satisfies [string, Logs][])('another tail is kept: %s (R4)', async (_what, logs) => {
  const { why, ...kept } = await compared(logs)
  expect(why).toMatch(/^two histories of one system: from number 1 on .* move away the file/)
  expect(kept).toEqual({ length: logs.common.length + logs.own.length, isParted: true, cut: [] })
})

test('a log that goes on where the ledger ends is kept for its recovery (R4)', async () => {
  expect(await compared({ common: [1], own: [2], ledger: [], recoveredGeneration: 0 })).toEqual({
    why: 'this log holds 2 orders, the ledger only the first 1 of them',
    isParted: false,
    length: 2,
    cut: [],
  })
})
