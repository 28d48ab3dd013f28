import { expect, test } from 'vitest'
import type { FaultKind } from '../nemesis/faults.ts'
import { planRound } from '../nemesis/plan.ts'
import { playRound } from '../nemesis/round.ts'

/** Kinds that every machine can make. */
const KINDS: readonly FaultKind[] = ['kill', 'restart', 'pause', 'lose-replica']

const ROUNDS_MAX = 5

test('a short round of the nemesis: faults come, promises hold, nothing is left', async () => {
  const machine = { missing: new Set<FaultKind>(), faketime: undefined, failingDisk: undefined }
  const seen = { strikes: 0, orders: 0, operations: 0 }
  const isMuch = () => seen.strikes > 1 && seen.orders > 10 && seen.operations > 50 // Less would test nothing.
  // On a busy machine little may happen in two seconds.
  for (let seed = 4; seed < 4 + ROUNDS_MAX && !isMuch(); seed++) {
    const { violations, history, strikes, transcript } = await playRound({ seed, seconds: 2, kinds: KINDS, clients: 3, ...machine })
    expect(violations, transcript.join('\n')).toEqual([])
    seen.strikes += strikes.length
    seen.orders += history.log.length
    seen.operations += history.operations.length
  }
  expect(isMuch(), JSON.stringify(seen)).toBe(true)
})

test('a seed decides the same faults again, and a kind that is missing here changes no other', () => {
  const plan = planRound(7, KINDS, 6, () => false)
  expect(planRound(7, KINDS, 6, () => false)).toEqual(plan)
  expect(planRound(8, KINDS, 6, () => false)).not.toEqual(plan)
  const left = planRound(7, KINDS, 6, (kind) => kind === 'kill')
  expect(left.steps).toEqual(plan.steps.filter(({ kind }) => kind !== 'kill'))
})
