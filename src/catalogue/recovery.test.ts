import { expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { isAhead } from './recovery.ts'

/** A ledger of ten entries that was recovered under generation 5; its last entry is of generation 4. */
const LEDGER = {
  genesis: { clusterId: 'c-1', stocks: OPENING_CATALOGUE },
  generation: 6,
  length: 10,
  digest: 'd',
  recoveredGeneration: 5,
  lastGeneration: 4,
  publishedAtLeast: 10,
}
const replica = (length: number, lastGeneration: number) => ({ clusterId: 'c-1', length, lastGeneration })

test.each([
  ['as long', replica(10, 4), false],
  ['longer, decided before the recovery: given up with it', replica(12, 4), false],
  ['shorter, decided before the recovery', replica(8, 3), false],
  ['longer, decided after the recovery: the ledger has lost it', replica(12, 5), true],
  ['shorter, decided after the recovery', replica(8, 5), true],
  ['empty', replica(0, 0), false],
])('a replica that is %s', (_what, state, ahead) => {
  expect(isAhead(state, LEDGER)).toBe(ahead)
})
