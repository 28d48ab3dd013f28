import { describe, expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Entry } from '../domain/order.ts'
import type { ReadRequest, SealRequest } from '../wire/messages.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import type { Ledger } from '../storage/ledger.ts'
import { MemoryLedgerStore } from '../storage/memory/ledger-store.ts'
import { decide } from './decide.ts'
import { isAhead, openLedger } from './recovery.ts'
import { Seals } from './seals.ts'

/** A ledger of ten entries that was recovered without giving up a replica, under generation 5; its last entry is of generation 4. */
const LEDGER = {
  genesis: { clusterId: 'c-1', stocks: OPENING_CATALOGUE },
  generation: 6,
  length: 10,
  digest: 'd',
  recoveredGeneration: 5,
  lastGeneration: 4,
  publishedAtLeast: 10,
}
const replica = (length: number, lastGeneration: number) => ({ clusterId: 'c-1', length, lastGeneration })

test.each([
  ['as long', replica(10, 4), false],
  ['longer, decided before the recovery, which did not meet it', replica(12, 4), true],
  ['shorter, decided before the recovery', replica(8, 3), false],
  ['longer, decided after the recovery: the ledger has lost it', replica(12, 5), true],
  ['shorter, decided after the recovery', replica(8, 5), true],
  ['empty', replica(0, 0), false],
])('a replica that is %s', (_what, state, ahead) => {
  expect(isAhead(state, LEDGER)).toBe(ahead)
})

test.each([
  ['that a recovery has given up', { recoveredGeneration: 1_004 }, replica(12, 4), false],
  ['that a recovery has given up, after starts that only it saw', { recoveredGeneration: 1_004 }, replica(12, 6), false],
  ['from behind an earlier gap, which a later recovery did not meet', { recoveredGeneration: 1_006 }, replica(12, 1_005), true],
  ['and the ledger has gone on since the recovery', { recoveredGeneration: 5, lastGeneration: 6, length: 11 }, replica(12, 4), false],
])('a replica that is longer, with orders %s', (_what, more, state, ahead) => {
  expect(isAhead(state, { ...LEDGER, ...more })).toBe(ahead)
})

describe('a ledger that can be read, in front of a replica that holds more', () => {
  const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
  const sale = (number: number, key: string, generation: number): Entry => {
    return { number, key, generation, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1, timeMs: 1 }
  }
  const OWN = { key: 'c:own', fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }

  /** Opens a ledger with one published order before a replica whose log begins with `first` and has one order more. */
  async function openBefore(first: (own: Entry) => Entry, clusterId = 'c-1'): Promise<Ledger> {
    const store = new MemoryLedgerStore()
    const replica = { replicaId: 1, address: 'order-1:1' }
    const ledger = await store.rebuild({ genesis: GENESIS, generation: 1, replicas: [replica] }, noPages())
    const { entries } = await ledger.decide(decide, [OWN], 1)
    ledger.notePublished(1)
    const log = [first(entries[0]!), sale(1, 'c:later', 2)]
    const digestAt = (length: number) => log.slice(0, length).reduce(chainDigest, genesisDigest(GENESIS))
    const call = async (_address: string, method: string, request: SealRequest & ReadRequest) => {
      if (method === 'Order.Seal') {
        const state = { clusterId, genesis: GENESIS, length: 2, digest: digestAt(2), lastGeneration: 2, diskId: 'd' }
        return { ...state, replicaId: 1, sealedGeneration: Math.max(2, request.generation) }
      }
      const read = log.slice(request.from, request.from + request.limit)
      return { entries: read, digest: digestAt(request.from + read.length), length: 2, generation: 2 }
    }
    const runtime = { clock: systemClock, log: silentLogger, network: { call } } as unknown as Runtime
    const options = { seals: new Seals(runtime, 'life-1'), store, replicas: [replica], lost: [] }
    return (await openLedger(runtime, options, (await options.store.open()) as never, new AbortController().signal)).ledger
  }

  test('is replaced by a log that holds what it has published', async () => {
    expect((await openBefore((own) => own)).head()).toMatchObject({ length: 2 })
  })

  test('is not replaced by one that begins with another order, whatever its cluster is called (C5)', async () => {
    await expect(openBefore(() => sale(0, 'c:another system’s', 2))).rejects.toThrow(
      /1 published orders that the log of replica 1 .* does not begin with/,
    )
  })
})

async function* noPages(): AsyncIterable<never> {}

describe('a lost ledger', () => {
  const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
  const ENTRIES = [0, 1].map((number): Entry => {
    return { number, key: `c:${number}`, generation: 1, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1, timeMs: 1 }
  })
  const DIGEST = ENTRIES.reduce(chainDigest, genesisDigest(GENESIS))

  /** Opens a ledger that is missing in front of replicas with equal logs and these seals; `late` cannot be reached at first. */
  async function recovered(seals: readonly number[], { lost = [], late = 0 }: { lost?: number[]; late?: number } = {}): Promise<Ledger> {
    let missed = false
    const sealed = new Map(seals.map((generation, at) => [`order-${at + 1}:1`, generation]))
    const call = async (address: string, method: string, request: SealRequest & ReadRequest) => {
      if (method === 'Order.Read') return { entries: ENTRIES, digest: DIGEST, length: 2, generation: 1 }
      if (address === `order-${late}:1` && !missed) {
        missed = true
        throw new Error('connection refused')
      }
      sealed.set(address, Math.max(sealed.get(address) ?? 0, request.generation))
      const log = { clusterId: 'c-1', genesis: GENESIS, length: 2, digest: DIGEST, lastGeneration: 1, diskId: address }
      return { ...log, replicaId: 1, sealedGeneration: sealed.get(address) }
    }
    const runtime = { clock: systemClock, log: silentLogger, network: { call } } as unknown as Runtime
    const replicas = [...sealed.keys()].map((address, at) => ({ replicaId: at + 1, address }))
    const options = { seals: new Seals(runtime, 'life-1'), store: new MemoryLedgerStore(), replicas, lost }
    return (await openLedger(runtime, options, (await options.store.open()) as never, new AbortController().signal)).ledger
  }

  test.each([
    [[3, 3, 3], 4],
    [[2, 3, 2], 4],
    [[3, 1, 2], 4],
  ])('is recovered under a generation above all of the seals %j (C1)', async (seals, generation) => {
    expect((await recovered(seals)).head()).toMatchObject({ generation })
  })

  test('is recovered above the seal of a replica that comes later than the others (C1)', async () => {
    expect((await recovered([2, 3, 2], { late: 2 })).head()).toMatchObject({ generation: 4 })
  })

  test('is recovered far above them when a replica is given up, which alone may know a later one', async () => {
    expect((await recovered([2, 2, 3], { lost: [3] })).head().generation).toBeGreaterThan(100)
  })

  /** Opens a ledger that is missing in front of replicas with these logs. */
  async function recoveredFrom(logs: readonly (readonly Entry[])[]): Promise<Ledger> {
    const call = async (address: string, method: string, request: SealRequest & ReadRequest) => {
      const log = logs[Number(/\d+/.exec(address)) - 1] ?? []
      const digestAt = (length: number) => log.slice(0, length).reduce(chainDigest, genesisDigest(GENESIS))
      if (method === 'Order.Read') {
        const entries = log.slice(request.from, request.from + request.limit)
        return { entries, digest: digestAt(request.from + entries.length), length: log.length, generation: 1 }
      }
      const head = { length: log.length, digest: digestAt(log.length), lastGeneration: log.at(-1)?.generation ?? 0, diskId: address }
      return { ...head, clusterId: 'c-1', genesis: GENESIS, replicaId: 1, sealedGeneration: Math.max(2_000, request.generation) }
    }
    const runtime = { clock: systemClock, log: silentLogger, network: { call } } as unknown as Runtime
    const replicas = logs.map((_, at) => ({ replicaId: at + 1, address: `order-${at + 1}:1` }))
    const options = { seals: new Seals(runtime, 'life-1'), store: new MemoryLedgerStore(), replicas, lost: [] }
    return (await openLedger(runtime, options, (await options.store.open()) as never, new AbortController().signal)).ledger
  }

  const sale = (number: number, key: string, generation: number): Entry => ({ ...ENTRIES[0]!, number, key, generation })
  const [first, second] = ENTRIES as [Entry, Entry]

  test('is recovered from the longest of logs that begin alike, however old the others are', async () => {
    const logs = [[first], [first, second, sale(2, 'c:2', 2)], [first, second], []]
    expect((await recoveredFrom(logs)).head()).toMatchObject({ length: 3 })
  })

  test('is recovered where a replica holds what a recovery without it has given up', async () => {
    const logs = [
      [first, second],
      [first, sale(1, 'c:later', 1_002)],
    ]
    expect((await recoveredFrom(logs)).head()).toMatchObject({ length: 2, lastGeneration: 1_002 })
  })

  test.each([
    ['as long', [sale(1, 'c:copy', 1)]],
    ['longer', [sale(1, 'c:copy', 1), sale(2, 'c:copy-2', 1)]],
    ['of an earlier generation', [sale(1, 'c:copy', 1), sale(2, 'c:copy-2', 1)], [second, sale(2, 'c:2', 2)]],
    ['of a later generation', [sale(1, 'c:copy', 3)]],
    ['of more starts', [sale(1, 'c:copy', 3), sale(2, 'c:copy-2', 4)]],
  ])('is not recovered where a copy of the system went on apart, and is %s (C9)', async (_what, others, ours = [second]) => {
    const logs = [
      [first, ...ours],
      [first, ...others],
      [first, ...ours],
    ]
    await expect(recoveredFrom(logs)).rejects.toThrow(/two histories of cluster c-1: replica [123] at order-[123]:1 has other orders/)
  })

  test('knows the replicas that it was recovered from at once: its next life must not publish what they do not hold', async () => {
    expect(await (await recovered([2, 2])).knownReplicas()).toEqual([
      { replicaId: 1, address: 'order-1:1' },
      { replicaId: 2, address: 'order-2:1' },
    ])
  })
})
