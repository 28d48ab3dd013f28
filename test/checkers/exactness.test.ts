import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/domain/limits.ts'
import type { Stock } from '../../src/domain/stock.ts'
import { explainable } from './brute-force.ts'
import { checkHistory } from './check-history.ts'
import type { Recording } from './history-file.ts'
import { perturbed } from './perturb.ts'
import { randomRecording } from './random-recording.ts'
import { SeededRandom } from './seeded-random.ts'

const HISTORIES = 5_000

/** Few shares of each stock, so that a few orders meet every limit. */
const OPENINGS: readonly (readonly Stock[])[] = [
  [{ name: 'ford', priceCents: 1193, quantity: 2, volume: 0 }],
  [
    { name: 'ford', priceCents: 1193, quantity: 3, volume: 0 },
    { name: 'amc', priceCents: 478, quantity: LIMITS.stockLevelMax - 2, volume: 5 },
  ],
  [{ name: 'amc', priceCents: 478, quantity: 4, volume: LIMITS.stockLevelMax - 6 }],
]

function fewCalls(seed: number): Recording {
  const random = new SeededRandom(seed)
  const recording = randomRecording(random, {
    opening: random.pick(OPENINGS),
    operations: random.integer(1, 7),
    concurrency: random.integer(1, 4),
    quantityMax: 3,
    lossProbability: random.pick([0, 0.2, 0.4]),
    repeatProbability: random.pick([0.1, 0.5]),
  })
  const changes = random.integer(0, 3)
  return Array.from({ length: changes }).reduce<Recording>((changed) => perturbed(random, changed), recording)
}

const verdictOn = ({ operations, log, opening }: Recording) => checkHistory(operations, log, opening)

describe('the verdict', () => {
  it('is that of trying every order, on random histories of up to seven calls', () => {
    const tally = { kept: 0, broken: 0 }
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const recording = fewCalls(seed)
      if (recording.operations.length === 0) continue
      const verdict = verdictOn(recording)
      const kept = explainable(recording)
      const words = () => `seed ${seed}: ${JSON.stringify({ recording, verdict }, undefined, 1)}`
      if (verdict.ok !== kept) expect.fail(words())
      tally[kept ? 'kept' : 'broken'] += 1
    }
    expect(tally.kept).toBeGreaterThan(HISTORIES / 5)
    expect(tally.broken).toBeGreaterThan(HISTORIES / 5)
  })
})
