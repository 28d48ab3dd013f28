import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OrderData, StatusData } from '../../src/http/types.ts'
import { LIMITS } from '../../src/domain/limits.ts'
import { Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { place } from '../contract/conformance/target.ts'
import { writeHistory } from '../large/history.ts'
import { eventually, HOPELESS_MS } from './process.ts'

/** The number of orders: more than a leader gets on its stream, and not a whole number of pages. */
const ORDERS = LIMITS.leaderGapMax + 4_321

/** Starts a system with so many orders. The file `lost` is missing. */
async function withHistory(lost: string | undefined, replicas = 3): Promise<Cluster> {
  const cluster = new Cluster({ replicas, caching: true, frontEnds: 1, words: [], environment: {}, prefix: [] })
  await writeHistory(cluster.dataDir, ORDERS, () => {})
  if (lost !== undefined) rmSync(join(cluster.dataDir, lost))
  await cluster.start()
  return cluster
}

/** Waits until all copies have equal lengths and digests. */
const untilEqual = (cluster: Cluster, length: number) =>
  eventually('all copies are equal', HOPELESS_MS, async () => {
    const { catalogue, replicas } = dataOf<StatusData>(await ask(cluster.frontEnd, '/status'))
    const copies = [catalogue, ...replicas].map((member) => (member.reachable ? `${member.length} ${member.digest}` : 'away'))
    return (copies[0]?.startsWith(`${length} `) && new Set(copies).size === 1) || undefined
  })

async function expectTrading(cluster: Cluster): Promise<void> {
  expect(await place(cluster, 'tesla', 'sell', 1)).toBe(ORDERS)
  await untilEqual(cluster, ORDERS + 1)
  for (const number of [0, LIMITS.catchUpBatchMax, ORDERS - 1]) {
    expect(dataOf<OrderData>(await ask(cluster.frontEnd, `/orders/${number}`))).toMatchObject({ number, quantity: 1 })
  }
}

test('a replica that lost a long log does not lead, and gets all of it from the leader', async () => {
  await using cluster = await withHistory('order3.db')
  expect(await cluster.leader()).not.toBe('order-3')
  await expectTrading(cluster)
})

test('an only replica that lost a long log reads it from the catalogue before it trades', async () => {
  await using cluster = await withHistory('order1.db', 1)
  await cluster.untilTrading()
  await expectTrading(cluster)
})

test('an only replica that loses a long log while the catalogue runs reads it from there', async () => {
  await using cluster = await withHistory(undefined, 1)
  await cluster.untilTrading()
  const pid = cluster.kill('order-1')
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(cluster.dataDir, `order1.db${suffix}`), { force: true })
  await cluster.restartedSince('order-1', pid)
  await cluster.untilTrading()
  await expectTrading(cluster)
})

test('a ledger with a long history is recovered from a replica', async () => {
  await using cluster = await withHistory('catalog.db')
  await cluster.untilTrading()
  await expectTrading(cluster)
})
