import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, statusOf } from '../contract/conformance/grpc.ts'
import { orderNumber, place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { bareSystem } from './bare-system.ts'
import { eventually } from './process.ts'

const BUY = { stockName: 'apple', stockTradeQuantity: 1, tradeType: 'buy' }

test('an empty catalogue that nobody told of its replicas begins nothing, and recovers when it meets them', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  const number = await place(system, 'apple', 'buy', 3)
  await system.kill(...system.names)
  rmSync(join(system.dataDir, 'catalogue'), { recursive: true })

  system.start('catalogue')
  await eventually('the catalogue says why it takes no trade', 10_000, async () => {
    const [error] = await Promise.allSettled([call(system.catalogue, 'Catalog.Trade', BUY)])
    return /has met no replica/.test(String(error.status === 'rejected' && error.reason)) || undefined
  })
  system.start('order-1', 'order-2', 'order-3', 'frontend')
  // It ends itself to recover, as a supervisor would have it.
  await eventually('the catalogue has met its replicas', 10_000, async () =>
    system.output('catalogue').includes('starting over to recover') ? true : undefined,
  )
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
