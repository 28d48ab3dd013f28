import { expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { haltingLedger, haltingOrderLog } from './halting.ts'
import { MemoryDisk } from './memory/disk.ts'
import { memoryLedger } from './memory/ledger.ts'
import { memoryOrderLog } from './memory/order-log.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }

test('a log that cannot be written or read ends the process, each time that somebody meets the failure', async () => {
  const reasons: Error[] = []
  const disk = new MemoryDisk()
  const log = haltingOrderLog(memoryOrderLog({ diskId: 'd-1', disk }), (reason) => reasons.push(reason))
  await log.seal(1, GENESIS)
  expect(await log.entries(0, 10)).toEqual([])
  disk.fill()
  await expect(log.seal(2, GENESIS)).rejects.toThrow('full')
  await expect(log.entries(0, 10)).rejects.toThrow('full')
  expect(reasons).toHaveLength(2)
})

test('a mistake of a caller does not end the process', async () => {
  const reasons: Error[] = []
  const log = haltingOrderLog(memoryOrderLog({ diskId: 'd-1' }), (reason) => reasons.push(reason))
  await expect(log.append([], 'no digest')).rejects.toThrow()
  expect(reasons).toEqual([])
})

test('a ledger that cannot be written or read ends the process', async () => {
  const reasons: Error[] = []
  const disk = new MemoryDisk()
  const ledger = haltingLedger(memoryLedger({ genesis: GENESIS, disk }), (reason) => reasons.push(reason))
  await ledger.raiseGeneration(0)
  disk.fill()
  await expect(ledger.raiseGeneration(0)).rejects.toThrow('full')
  await expect(ledger.stocks()).rejects.toThrow('full')
  expect(reasons).toHaveLength(2)
})
