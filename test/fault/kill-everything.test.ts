import { expect, test } from 'vitest'
import { checkEndState } from '../end-state.ts'
import { bareSystem } from './bare-system.ts'
import { load } from './load.ts'

test('everything at once by SIGKILL, as in a power cut', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  const clients = load(system)
  await clients.untilAcknowledged(100)
  await system.kill(...system.names)
  system.start(...system.names)
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  expect(report.errors.filter(({ status }) => status !== 0 && status !== 503)).toEqual([])
  expect(report.wrong).toEqual([])
  await checkEndState(system, report.acknowledged)
})
