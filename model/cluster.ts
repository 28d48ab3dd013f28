import type { Model } from './checker.ts'
import { whyStuck } from './healing.ts'
import type { Rules } from './rules.ts'
import { encode, type Budget, type State } from './state.ts'
import { steps } from './steps.ts'

/** A catalogue and its replicas, with one order that everybody holds and that was shown. */
export function cluster(rules: Rules, replicas: number, budget: Budget): Model<State> {
  const [log, generation] = ['z1', 1]
  const ledger = { log, rejected: '', generation, marked: 0 }
  const replica = { log, sealed: generation, marked: generation, reached: true, unread: false, lead: undefined, late: undefined }
  const initial: State = {
    replicas: Array.from({ length: replicas }, () => replica),
    ...{ synced: ledger, cached: ledger, open: true, published: 1, settledAt: 1, backup: undefined },
    ...{ shown: log, toldRejected: '', forgiven: '', broken: undefined, budget },
  }
  const stuck = new Map<string, string | undefined>()
  const whyStuckOnce = (state: State): string | undefined => {
    const replicasOnly = state.replicas.map((each) => ({ ...each, reached: true, lead: undefined, late: undefined }))
    const key = encode({ ...state, replicas: replicasOnly, budget, backup: undefined, shown: '', toldRejected: '', forgiven: '' })
    if (!stuck.has(key)) stuck.set(key, whyStuck(rules, state))
    return stuck.get(key)
  }
  return {
    initial,
    steps: (state) => steps(rules, state),
    encode,
    violation: (state) => state.broken ?? whyStuckOnce(state),
  }
}
