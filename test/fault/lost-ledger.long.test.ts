import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OrderData } from '../../src/http/types.ts'
import { call, statusOf } from '../contract/conformance/grpc.ts'
import { orderNumber, place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { bareSystem, type BareSystem } from './bare-system.ts'
import { eventually, HOPELESS_MS } from './process.ts'

const BUY = { stockName: 'apple', stockTradeQuantity: 1, tradeType: 'buy' }

const untilSays = (system: BareSystem, name: string, words: string): Promise<true> =>
  eventually(`${name} says "${words}"`, HOPELESS_MS, () => system.output(name).includes(words) || undefined)

test('an empty catalogue that was not told of its replicas begins no history, and recovers when it meets them', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  const number = await place(system, 'apple', 'buy', 3)
  await system.kill(...system.names)
  rmSync(join(system.dataDir, 'catalogue'), { recursive: true })

  system.start('catalogue')
  await eventually('the catalogue says why it takes no trade', HOPELESS_MS, async () => {
    const [error] = await Promise.allSettled([call(system.catalogue, 'Catalog.Trade', BUY)])
    return /has met no replica/.test(String(error.status === 'rejected' && error.reason)) || undefined
  })
  system.start('order-1', 'order-2', 'order-3', 'frontend')
  // It ends itself to recover. A supervisor would start it again.
  await untilSays(system, 'catalogue', 'starting over to recover')
  await system.kill('catalogue').catch(() => undefined)
  system.start('catalogue')
  await system.untilTrading()
  expect(await orderNumber(system, number)).toMatchObject({ name: 'apple', quantity: 3 })
  expect(await place(system, 'apple', 'sell', 1)).toBeGreaterThan(number)
  await checkEndState(system, [{ number, name: 'apple', type: 'buy', quantity: 3 }])
})

test('a ledger that is lost before the first order: replicas and catalogue agree on one cluster again', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  await system.kill('catalogue')
  rmSync(join(system.dataDir, 'catalogue'), { recursive: true })
  system.start('catalogue')
  await system.untilTrading()
  expect(await place(system, 'apple', 'buy', 1)).toBeGreaterThanOrEqual(0)
  expect(await statusOf(call(system.catalogue, 'Catalog.Trade', BUY))).toBe('OK')
  await checkEndState(system, [])
})

test('a replica that was given up with the ledger comes back: it gives its tail up, archives it, and follows', async () => {
  await using system = await bareSystem()
  const acknowledged: OrderData[] = []
  const sell = async (name: string, quantity: number): Promise<number> => {
    const number = await place(system, name, 'sell', quantity)
    acknowledged.push({ number, name, type: 'sell', quantity })
    return number
  }
  system.start(...system.names)
  await system.untilTrading()
  await sell('apple', 3)
  await system.kill('order-1', 'order-2')
  await system.untilTrading()
  const [tail] = [await place(system, 'tesla', 'sell', 1), await place(system, 'tesla', 'sell', 2)]
  await system.kill('catalogue', 'order-3', 'frontend')
  rmSync(join(system.dataDir, 'catalogue'), { recursive: true })

  const addresses = system.replicas.map(({ address }) => address)
  system.startWith('catalogue', '--replica-addresses', addresses.join(), '--lost', '3')
  system.start('order-1', 'order-2', 'frontend')
  await system.untilTrading()
  const found = [1, 2].map((id) => `found replica ${id} at ${addresses[id - 1]}`)
  for (const words of [`replica 3 at ${addresses[2]} is given up (--lost)`, ...found]) await untilSays(system, 'catalogue', words)

  // The replica's log is longer than the ledger. Nothing is decided that could show where the two differ.
  system.start('order-3')
  await checkEndState(system, acknowledged)
  const archive = join(system.dataDir, 'order-3', 'order3.cut-1.db')
  expect(existsSync(archive)).toBe(true)
  await untilSays(system, 'order-3', `"entries":2,"archivedAs":"${archive}"`)
  expect(await sell('ford', 5)).toBe(tail)
  await checkEndState(system, acknowledged)
})
