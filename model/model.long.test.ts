import { describe, expect, test } from 'vitest'
import { explore } from './checker.ts'
import { cluster } from './cluster.ts'
import { GAPS, PROOFS } from './scenarios.ts'

describe.each(PROOFS)('$name', ({ rules, scenarios }) => {
  test.each(scenarios)('$name', ({ replicas, budget }) => {
    const { states, counterexample } = explore(cluster(rules, replicas, budget))
    expect(counterexample).toBeUndefined()
    expect(states).toBeGreaterThan(1_000)
  })
})

test.each(GAPS)('the promise breaks when $name', ({ rules, scenario: { replicas, budget }, breaks }) => {
  expect(explore(cluster(rules, replicas, budget)).counterexample?.why).toMatch(breaks)
})
