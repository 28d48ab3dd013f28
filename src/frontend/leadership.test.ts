import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { byFitness } from './leadership.ts'
import type { ReplicaState } from './route-stream.ts'

const LONG = 100_000

/** Ids in the order in which they would be asked to lead. */
const order = (
  ...replicas: readonly { readonly id: number; readonly length: number; readonly canLead?: boolean; readonly isForeign?: boolean }[]
) =>
  byFitness(
    replicas.map(({ id, length, canLead = true, isForeign = false }) => ({ id, isForeign, state: { length, canLead } as ReplicaState })),
  ).map(({ id }) => id)

test.each([
  ['equal logs: the highest id first', order({ id: 1, length: 5 }, { id: 3, length: 5 }, { id: 2, length: 5 }), [3, 2, 1]],
  ['a little behind', order({ id: 1, length: LONG }, { id: 2, length: LONG - LIMITS.leaderGapMax }), [2, 1]],
  ['far behind: last', order({ id: 1, length: LONG }, { id: 2, length: LONG - LIMITS.leaderGapMax - 1 }), [1, 2]],
  ['the longest cannot lead', order({ id: 1, length: 0 }, { id: 2, length: 5 }, { id: 3, length: LONG, canLead: false }), [2, 1]],
  [
    'another program: behind all of ours, whatever its id',
    order({ id: 9, length: 0, isForeign: true }, { id: 1, length: LONG }, { id: 2, length: 0 }, { id: 8, length: 0, isForeign: true }),
    [1, 2, 9, 8],
  ],
  ['nobody can', order({ id: 1, length: 0, canLead: false }), []],
  ['nobody is there', order(), []],
])('%s', (_what, found, expected) => expect(found).toEqual(expected))
