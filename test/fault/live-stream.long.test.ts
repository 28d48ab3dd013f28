import { expect, test } from 'vitest'
import type { LiveHello } from '../../src/http/live.ts'
import type { TimedOrderListData } from '../../src/http/types.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { EventReader, LastingReader } from '../event-reader.ts'
import { load } from './load.ts'
import { eventually, HOPELESS_MS } from './process.ts'

const KILLS = 20
const ORDERS_BETWEEN = 40

/** Returns all orders as rows, by the listing. */
async function logOf(cluster: Cluster): Promise<TimedOrderListData['orders']> {
  const all: TimedOrderListData['orders'][number][] = []
  for (;;) {
    const page = dataOf<TimedOrderListData>(await ask(cluster.frontEnd, `/v1/orders?after=${all.length - 1}&limit=1000`)).orders
    all.push(...page)
    if (page.length < 1_000) return all
  }
}

test('a reader that comes again after each of 20 kills, at two front ends, assembles the log', async () => {
  await using cluster = await startCluster({ frontEnds: 2 })
  const reader = new LastingReader(() => cluster.frontEnds)
  const clients = load(cluster, { clients: 6, probability: 1 })
  const names = ['leader', 'frontend', 'order-1', 'catalogue', 'order-2', 'leader', 'order-3', 'frontend']
  for (let kill = 0; kill < KILLS; kill += 1) {
    await clients.untilAcknowledged(ORDERS_BETWEEN)
    const named = names[kill % names.length]!
    const name = named === 'leader' ? await cluster.leader() : named
    if (kill % 3 === 0) reader.drop()
    if (cluster.pids.has(name)) cluster.kill(name)
  }
  await clients.untilAcknowledged(ORDERS_BETWEEN)
  const { acknowledged, wrong } = await clients.stop()
  expect(wrong).toEqual([])
  const log = await logOf(cluster)
  expect(log.length).toBeGreaterThan(KILLS * ORDERS_BETWEEN)
  await eventually(
    'the reader has everything',
    HOPELESS_MS,
    () => reader.wrong.length > 0 || reader.orders.length >= log.length || undefined,
  )
  await reader.stop()
  expect(reader.wrong).toEqual([])
  const rows = log.map(({ number, name, type, quantity, timeMs, generation }) => [number, name, type, quantity, timeMs, generation])
  expect(reader.orders.slice(0, log.length)).toEqual(rows)
  expect(reader.connections).toBeGreaterThan(KILLS / 3)
  await checkEndState(cluster, acknowledged)
})

test('orders that a front end does not hold are read page by page, and go over into the stream', async () => {
  await using cluster = await startCluster()
  const clients = load(cluster, { clients: 8, probability: 1 })
  await clients.untilAcknowledged(1_200)
  let hello: LiveHello | undefined
  const first = new EventReader(cluster.frontEnd, undefined, ({ event, data }) => {
    if (event === 'hello') hello = data as LiveHello
  })
  const { history, orders } = await eventually('a reader begins', HOPELESS_MS, () => hello)
  expect(orders[0]![0]).toBeGreaterThan(1_000) // The front end asked for no more than the newest ones.
  const late = new LastingReader(() => cluster.frontEnds, { history, number: 0 })
  await clients.untilAcknowledged(200)
  await clients.stop()
  const log = await logOf(cluster)
  await eventually('it has everything', HOPELESS_MS, () => late.wrong.length > 0 || late.orders.length >= log.length - 1 || undefined)
  await late.stop()
  first.close()
  expect(late.wrong).toEqual([])
  expect(late.orders.map(([number]) => number)).toEqual(log.slice(1).map(({ number }) => number))
})
