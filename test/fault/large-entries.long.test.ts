import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decide } from '../../src/catalogue/decide.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import type { OrderData } from '../../src/http/types.ts'
import { embeddedLedgerStore } from '../../src/storage/embedded/ledger-store.ts'
import { place } from '../contract/conformance/target.ts'
import { newLedger } from '../contract/new-ledger.ts'
import { checkEndState } from '../end-state.ts'
import { type BareSystem, bareSystem } from './bare-system.ts'
import { CliProcess, eventually } from './process.ts'
import { wholeAgain } from './whole.ts'

/** Tests of a log with entries of an earlier version that would be refused today. */

const MIB = 1024 * 1024

/** Writes a ledger as an earlier version may have left it: its keys are as long as that version's largest message. */
async function ledgerWithLongKeys(path: string): Promise<OrderData[]> {
  const ledger = await newLedger(embeddedLedgerStore(path), { clusterId: 'c-1', stocks: OPENING_CATALOGUE })
  const keyLengths = [10, 10, 16 * MIB - 200, ...Array.from({ length: 20 }, () => MIB), 10, 10]
  const sold: OrderData[] = []
  for (const [number, length] of keyLengths.entries()) {
    const request = {
      key: `g:${number}-${'k'.repeat(length)}`,
      fingerprint: `["apple","sell",${number}]`,
      name: 'apple',
      type: 'sell',
      quantity: 1,
    }
    await ledger.decide(decide, [request], 1)
    sold.push({ number, name: 'apple', type: 'sell', quantity: 1 })
  }
  await ledger.close()
  return sold
}

/** Checks the end state. A listing reads 36 MB here, so on a busy machine it may come too late, and is asked for again. */
const endState = (system: BareSystem, sold: readonly OrderData[]): Promise<readonly OrderData[]> =>
  eventually('the end state can be read, and is right', 120_000, () => checkEndState(system, sold))

test('a log with entries that are too large today is shipped, recovered and verified', async () => {
  await using system = await bareSystem()
  const path = join(system.dataDir, 'catalogue', 'catalog.db')
  const sold = await ledgerWithLongKeys(path)
  system.start(...system.names)
  await system.untilTrading()
  await wholeAgain(system)
  sold.push({ number: await place(system, 'apple', 'sell', 2), name: 'apple', type: 'sell', quantity: 2 })
  await endState(system, sold)

  // A replica that has lost its disk gets the whole log as a learner. A lost ledger is rebuilt from the replicas.
  await system.end('order-1')
  rmSync(join(system.dataDir, 'order-1'), { recursive: true })
  system.start('order-1')
  await wholeAgain(system)
  await endState(system, sold)
  await system.end(...system.names)
  rmSync(join(system.dataDir, 'catalogue'), { recursive: true })
  system.start('order-1', 'order-2', 'order-3', 'frontend')
  system.startWith('catalogue', '--replica-addresses', system.replicas.map(({ address }) => address).join(','))
  await system.untilTrading()
  await wholeAgain(system)
  expect(await endState(system, sold)).toHaveLength(sold.length)
  expect(existsSync(path)).toBe(true)
  const served = new CliProcess([
    'verify',
    '--address',
    system.catalogue,
    ...system.replicas.flatMap(({ address }) => ['--address', address]),
  ])
  expect((await served.exited).code, served.output).toBe(0)
  await system.end(...system.names)
  for (const name of ['catalogue', 'order-1', 'order-2', 'order-3']) {
    const verifying = new CliProcess(['verify', '--data', join(system.dataDir, name)])
    expect((await verifying.exited).code, verifying.output).toBe(0)
  }
})
