import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OrderData } from '../../src/http/types.ts'
import { place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { type BareSystem, bareSystem } from './bare-system.ts'
import { eventually, HOPELESS_MS } from './process.ts'

/** The number of orders. They take several pages of the file. */
const ORDERS = 60

const ledgerOf = (system: BareSystem): string => join(system.dataDir, 'catalogue', 'catalog.db')

async function sell(system: BareSystem, name: string, count: number): Promise<OrderData[]> {
  const quantities = Array.from({ length: count }, (_, index) => index + 1)
  return Promise.all(
    quantities.map(async (quantity) => ({ number: await place(system, name, 'sell', quantity), name, type: 'sell' as const, quantity })),
  )
}

/** Ends the catalogue as an operator does, which leaves one file, and starts it again. */
async function restartCatalogue(system: BareSystem, meanwhile: () => void): Promise<void> {
  await system.end('catalogue')
  expect(existsSync(`${ledgerOf(system)}-wal`)).toBe(false)
  meanwhile()
  system.start('catalogue')
  await system.untilTrading()
}

test.each([
  { what: 'alone', between: 'nothing', walLeft: false, recovers: true },
  { what: 'under a newer WAL with all it lacks', between: 'nothing', walLeft: true, recovers: false },
  { what: 'under a newer WAL with a part of it', between: 'a checkpoint', walLeft: true, recovers: true },
])('an old copy of the ledger, put back $what: no order is lost', async ({ between, walLeft, recovers }) => {
  await using system = await bareSystem()
  const [path, backup] = [ledgerOf(system), join(system.dataDir, 'backup.db')]
  system.start(...system.names)
  await system.untilTrading()
  const acknowledged = await sell(system, 'apple', 5)
  await restartCatalogue(system, () => copyFileSync(path, backup))
  acknowledged.push(...(await sell(system, 'tesla', ORDERS)))
  if (between === 'a checkpoint') await restartCatalogue(system, () => {})
  acknowledged.push(...(await sell(system, 'ford', 2)))
  await system.kill(...system.names)

  copyFileSync(backup, path)
  expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([true, true])
  if (!walLeft) for (const suffix of ['-wal', '-shm']) rmSync(path + suffix)
  const replicas = system.names.filter((name) => name.startsWith('order-'))
  system.start(...replicas)
  for (const name of replicas)
    await eventually(`${name} listens`, HOPELESS_MS, () => system.output(name).includes('replica listens') || undefined)
  system.start('frontend')
  await system.untilTradingWith('catalogue') // A catalogue that meets a replica late ends itself to recover.
  await checkEndState(system, acknowledged)
  const said = () => system.output('catalogue')
  const archived = `"archivedAs":"${path}.replaced-1"`
  if (recovers)
    await eventually(
      'it says what it has recovered',
      HOPELESS_MS,
      () => (said().includes('ledger recovered') && said().includes(archived)) || undefined,
    )
  else expect(said()).not.toMatch(/ledger recovered|archivedAs/)
  expect(existsSync(`${path}.replaced-1`)).toBe(recovers)
})
