import { expect, test } from 'vitest'
import type { FaultKind } from '../nemesis/faults.ts'
import { planRound } from '../nemesis/plan.ts'
import { playRound } from '../nemesis/round.ts'

/** Needs nothing that a machine may lack. */
const KINDS: readonly FaultKind[] = ['kill', 'restart', 'pause', 'lose-replica']

test('a short round of the nemesis: faults come, promises hold, nothing is left', async () => {
  const machine = { missing: new Set<FaultKind>(), faketime: undefined, failingDisk: undefined }
  const options = { seed: 4, seconds: 2, kinds: KINDS, clients: 3, ...machine }
  const { violations, history, strikes, transcript } = await playRound(options)
  expect(violations, transcript.join('\n')).toEqual([])
  expect(strikes.length).toBeGreaterThan(1)
  expect(history.log.length).toBeGreaterThan(10) // Else nothing was put to the test.
  expect(history.operations.length).toBeGreaterThan(50)
})

test('a seed decides the same faults again, and those that are missing here leave the others as they are', () => {
  const plan = planRound(7, KINDS, 6, () => false)
  expect(planRound(7, KINDS, 6, () => false)).toEqual(plan)
  expect(planRound(8, KINDS, 6, () => false)).not.toEqual(plan)
  const left = planRound(7, KINDS, 6, (kind) => kind === 'kill')
  expect(left.steps).toEqual(plan.steps.filter(({ kind }) => kind !== 'kill'))
})
