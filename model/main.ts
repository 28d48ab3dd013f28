/** `npm run model`: explores all scenarios, then shows that the promise breaks without each rule. Exits with 1 otherwise. */
import { explore, type Counterexample, type Exploration } from './checker.ts'
import { cluster } from './cluster.ts'
import type { Rules } from './rules.ts'
import { GAPS, PROOFS, type Scenario } from './scenarios.ts'

const explored = (rules: Rules, { replicas, budget }: Scenario): Exploration => explore(cluster(rules, replicas, budget))

const story = ({ why, events }: Counterexample): string => ['', ...events, why].join('\n     ')

function tell(isRight: boolean, name: string, { states, counterexample }: Exploration): void {
  if (!isRight) process.exitCode = 1
  console.log(`${isRight ? 'ok ' : 'BAD'}  ${name}: ${states} states${counterexample ? story(counterexample) : ''}`)
}

for (const { name, rules, scenarios } of PROOFS) {
  for (const scenario of scenarios) {
    const found = explored(rules, scenario)
    tell(found.counterexample === undefined, `${name}; ${scenario.name}`, found)
  }
}
console.log('\nWithout one rule:')
for (const { name, rules, scenario, breaks } of GAPS) {
  const found = explored(rules, scenario)
  tell(breaks.test(found.counterexample?.why ?? ''), name, found)
}
