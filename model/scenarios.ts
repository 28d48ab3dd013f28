import { ONE_ROUND, TWO_ROUNDS, type Rules } from './rules.ts'
import type { Budget } from './state.ts'

/** How many replicas there are, and which faults come how often. */
export interface Scenario {
  readonly name: string
  readonly replicas: number
  readonly budget: Budget
}

const NONE: Budget = {
  catalogueDeaths: 0,
  powerLosses: 0,
  replicaDeaths: 0,
  cuts: 0,
  lates: 0,
  lostLedgers: 0,
  lostLogs: 0,
  backups: 0,
  generations: 4,
}

const scenario = (name: string, replicas: number, faults: Partial<Budget>): Scenario => ({ name, replicas, budget: { ...NONE, ...faults } })

/** Rules that have to keep the promise in some scenarios. */
export interface Proof {
  readonly name: string
  readonly rules: Rules
  readonly scenarios: readonly Scenario[]
}

/** Rules of which one is left out or replaced, and the scenario in which that has to break the promise. */
export interface Gap {
  readonly name: string
  readonly rules: Rules
  readonly scenario: Scenario
  /** Matches the end of a counterexample. */
  readonly breaks: RegExp
}

export const PROOFS: readonly Proof[] = [
  {
    name: 'two rounds of syncs',
    rules: TWO_ROUNDS,
    scenarios: [
      scenario('kills, cuts, late messages', 2, { catalogueDeaths: 1, replicaDeaths: 1, cuts: 1, lates: 1 }),
      scenario('the ledger is lost', 2, { catalogueDeaths: 2, cuts: 1, lostLedgers: 1 }),
      scenario('a log is lost', 2, { catalogueDeaths: 1, cuts: 1, lostLogs: 1 }),
      scenario('an old copy of the ledger is put back', 2, { catalogueDeaths: 1, cuts: 1, backups: 1 }),
      scenario('three replicas, the ledger is lost', 3, { catalogueDeaths: 1, cuts: 1, lostLedgers: 1 }),
    ],
  },
  {
    name: 'one round of syncs',
    rules: ONE_ROUND,
    scenarios: [
      scenario('power is lost, late messages', 2, { powerLosses: 1, cuts: 1, lates: 1 }),
      scenario('power is lost twice', 2, { powerLosses: 2, cuts: 2 }),
      scenario('power is lost, then the ledger', 2, { catalogueDeaths: 1, powerLosses: 1, cuts: 1, lostLedgers: 1 }),
      scenario('power is lost, and a log', 2, { powerLosses: 1, cuts: 1, lostLogs: 1 }),
      scenario('power is lost, an old copy of the ledger is put back', 2, { powerLosses: 1, backups: 1 }),
      scenario('three replicas, power is lost, then the ledger', 3, { powerLosses: 1, cuts: 1, lostLedgers: 1 }),
    ],
  },
]

const power = (faults: Partial<Budget>): Scenario => scenario('power is lost', 2, { powerLosses: 1, cuts: 1, ...faults })

export const GAPS: readonly Gap[] = [
  {
    name: 'a position is published before the ledger is synced',
    rules: { ...ONE_ROUND, publishWhenSynced: false },
    scenario: power({}),
    breaks: /lost something that was shown/,
  },
  {
    name: 'a rejection is told before the ledger is synced',
    rules: { ...ONE_ROUND, rejectWhenSynced: false },
    scenario: power({}),
    breaks: /rejected, and is shown/,
  },
  {
    name: 'a ledger is rebuilt from a log that only goes on where it ends',
    rules: { ...ONE_ROUND, extend: false },
    scenario: power({}),
    breaks: /rejected, and is shown/,
  },
  {
    name: 'decisions do not mark the ledger',
    rules: { ...ONE_ROUND, decisionsMark: false },
    scenario: power({ lostLogs: 1 }),
    breaks: /rejected, and is shown/,
  },
  {
    name: 'logs are not marked',
    rules: { ...ONE_ROUND, choice: 'last' },
    scenario: power({ catalogueDeaths: 1, lostLedgers: 1 }),
    breaks: /rejected, and is shown/,
  },
  {
    name: 'a seal counts for a mark, whatever the log holds',
    rules: { ...ONE_ROUND, choice: 'sealed' },
    scenario: power({ catalogueDeaths: 1, lostLedgers: 1 }),
    breaks: /lost something that was shown/,
  },
  {
    name: 'entries of an older generation are taken in',
    rules: { ...ONE_ROUND, refuseStale: false },
    scenario: power({}),
    breaks: /a leader serves from/,
  },
  {
    name: 'a lost ledger is recovered from some replicas',
    rules: { ...TWO_ROUNDS, recoverFromAll: false },
    scenario: PROOFS[0]!.scenarios[1]!,
    breaks: /lost something that was shown/,
  },
  {
    name: 'a start shows what is on record as published',
    rules: { ...TWO_ROUNDS, settle: false },
    scenario: PROOFS[0]!.scenarios[0]!,
    breaks: /less is shown/,
  },
]
