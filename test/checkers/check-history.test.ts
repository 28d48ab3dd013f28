import { describe, expect, it } from 'vitest'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { checkHistory, type Verdict } from './check-history.ts'
import type { Recording } from './history-file.ts'
import type { Operation, Place } from './history.ts'
import { MUTATIONS } from './mutations.ts'
import { randomRecording } from './random-recording.ts'
import { SeededRandom } from './seeded-random.ts'

const HISTORIES = 3_000
const MUTATED_EACH = 25

const verdictOn = ({ operations, log, opening }: Recording): Verdict => checkHistory(operations, log, opening)

/** Makes a run of some tens of calls on a few stocks that often run short. */
function someRun(seed: number): Recording {
  const random = new SeededRandom(seed)
  const opening = OPENING_CATALOGUE.slice(0, random.integer(1, 3)).map((stock) => ({ ...stock, quantity: 40 }))
  return randomRecording(random, {
    opening,
    operations: random.integer(20, 120),
    concurrency: random.pick([1, 3, 10, 40]),
    quantityMax: random.pick([5, 30]),
    lossProbability: random.pick([0, 0.1, 0.3]),
    repeatProbability: random.pick([0, 0.1, 0.4]),
  })
}

describe('checkHistory', () => {
  it('accepts every run of the model', () => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const recording = someRun(seed)
      expect(verdictOn(recording), `seed ${seed}`).toEqual({ ok: true, operations: recording.operations.length })
    }
  })

  it.each(Object.entries(MUTATIONS))('catches: %s', (_name, mutate) => {
    let mutated = 0
    for (let seed = 1; mutated < MUTATED_EACH; seed++) {
      expect(seed, 'runs that can be mutated so').toBeLessThan(20 * MUTATED_EACH)
      const broken = mutate(new SeededRandom(seed), someRun(seed))
      if (!broken) continue
      mutated += 1
      expect(verdictOn(broken).ok, `seed ${seed}`).toBe(false)
    }
  })

  it('takes a million operations in its stride', () => {
    const recording = randomRecording(new SeededRandom(1), {
      opening: OPENING_CATALOGUE,
      operations: 1_000_000,
      concurrency: 256,
      quantityMax: 100,
      lossProbability: 0.01,
      repeatProbability: 0.05,
    })
    const before = performance.now()
    const verdict = verdictOn(recording)
    const seconds = (performance.now() - before) / 1000
    console.log(`checked a million operations, ${recording.log.length} orders in the log, in ${seconds.toFixed(1)} s`)
    expect(verdict).toEqual({ ok: true, operations: 1_000_000 })
  })
})

const FORD = [{ name: 'ford', priceCents: 1193, quantity: 10, volume: 0 }] as const

const buy = (key: string, quantity: number, start: number, end: number, outcome: Place['outcome']): Place => ({
  kind: 'place',
  key,
  name: 'ford',
  type: 'buy',
  quantity,
  start,
  end,
  outcome,
})

const entry = (number: number, key: string, quantity: number) => ({ number, key, name: 'ford', type: 'buy', quantity })

const shows = (quantity: number, start: number, end: number): Operation => ({
  kind: 'stock',
  name: 'ford',
  start,
  end,
  outcome: { kind: 'found', price: 11.93, quantity },
})

const UNKNOWN = { kind: 'unknown' } as const
const accepted = (number: number) => ({ kind: 'accepted', number }) as const

const rulesOf = (operations: readonly Operation[], log: Recording['log']): readonly string[] => {
  const verdict = checkHistory(operations, log, FORD)
  return verdict.ok ? [] : verdict.violations.map(({ rule }) => rule)
}

describe('what counts as a violation', () => {
  it('an order without an answer may take effect late, but not before it was sent', () => {
    const order = buy('c:1', 4, 10, 12, UNKNOWN)
    expect(rulesOf([order, shows(10, 15, 16), shows(6, 20, 21)], [entry(0, 'c:1', 4)])).toEqual([])
    expect(rulesOf([order, shows(6, 8, 9)], [entry(0, 'c:1', 4)])).toEqual(['future'])
    expect(rulesOf([order, shows(6, 13, 14), shows(10, 15, 16)], [entry(0, 'c:1', 4)])).toEqual(['stale'])
  })

  it('what ends at the very time at which another begins does not precede it', () => {
    const order = buy('c:1', 4, 10, 12, accepted(0))
    expect(rulesOf([order, shows(10, 12, 13)], [entry(0, 'c:1', 4)])).toEqual([])
    expect(rulesOf([order, shows(10, 12.1, 13)], [entry(0, 'c:1', 4)])).toEqual(['stale'])
    expect(rulesOf([order, shows(6, 9, 10)], [entry(0, 'c:1', 4)])).toEqual([])
  })

  it('a level that comes back is read at any of its times', () => {
    const back = { ...buy('c:2', 4, 20, 22, accepted(1)), type: 'sell' }
    const log = [entry(0, 'c:1', 4), { ...entry(1, 'c:2', 4), type: 'sell' }]
    const order = buy('c:1', 4, 10, 12, accepted(0))
    const reads = [shows(10, 0, 1), shows(6, 15, 16), shows(10, 21, 23), shows(10, 30, 31)]
    expect(rulesOf([order, back, ...reads], log)).toEqual([])
    expect(rulesOf([order, back, shows(10, 13, 14)], log)).toEqual(['future'])
    expect(rulesOf([order, back, shows(6, 30, 31)], log)).toEqual(['stale'])
  })

  it('a retry is the same order: its first call opens the time in which it may take effect', () => {
    const first = buy('c:1', 4, 10, 12, UNKNOWN)
    const retry = buy('c:1', 4, 30, 32, accepted(0))
    expect(rulesOf([first, shows(6, 20, 21), retry], [entry(0, 'c:1', 4)])).toEqual([])
    expect(rulesOf([retry, shows(6, 20, 21)], [entry(0, 'c:1', 4)])).toEqual(['future'])
  })

  it('a rejection holds for its key for good, though there is enough by now', () => {
    const rejected = { kind: 'rejected', reason: 'not-enough' } as const
    const sold = { ...buy('c:2', 5, 20, 22, accepted(0)), type: 'sell' }
    const log = [{ ...entry(0, 'c:2', 5), type: 'sell' }]
    const [first, again] = [buy('c:1', 12, 10, 12, rejected), buy('c:1', 12, 30, 32, rejected)]
    expect(rulesOf([first, sold, again], log)).toEqual([])
    expect(rulesOf([sold, again], log)).toEqual(['rejection-true'])
  })

  it('a key is reused only with other content, and only after it was used', () => {
    const reused = { kind: 'key-reused' } as const
    const log = [entry(0, 'c:1', 4)]
    expect(rulesOf([buy('c:1', 4, 10, 12, accepted(0)), buy('c:1', 5, 11, 13, reused)], log)).toEqual([])
    expect(rulesOf([buy('c:1', 4, 10, 12, accepted(0)), buy('c:1', 4, 11, 13, reused)], log)).toEqual(['key-reuse'])
    expect(rulesOf([buy('c:1', 4, 10, 12, accepted(0)), buy('c:1', 5, 8, 9, reused)], log)).toEqual(['key-reuse'])
    // The order with the key got no answer. With enough shares it would be in the log.
    expect(rulesOf([buy('c:1', 11, 10, 12, UNKNOWN), buy('c:1', 5, 11, 13, reused)], [])).toEqual([])
    expect(rulesOf([buy('c:1', 4, 10, 12, UNKNOWN), buy('c:1', 5, 11, 13, reused)], [])).toEqual(['key-reuse'])
  })

  it('names the calls involved, and stops after twenty', () => {
    const order = buy('c:1', 4, 10, 12, accepted(0))
    const stale = Array.from({ length: 30 }, (_, index) => shows(10, 20 + index, 20 + index))
    const verdict = checkHistory([order, ...stale], [entry(0, 'c:1', 4)], FORD)
    if (verdict.ok) expect.fail('it shows a level that was over')
    expect(verdict.violations).toHaveLength(20)
    expect(verdict.violations[0]?.operations).toEqual([order, stale[0]])
    expect(verdict.violations[0]?.explanation).toContain('after buy 4 ford, key c:1 [10 to 12] -> accepted 0')
  })

  it('refuses times that are none', () => {
    expect(() => checkHistory([shows(10, 5, 4)], [], FORD)).toThrow('operation 0 of the history lasts from 5 to 4')
    expect(() => checkHistory([shows(10, NaN, 4)], [], FORD)).toThrow('from NaN')
  })
})
