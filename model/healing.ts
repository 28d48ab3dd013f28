import { connected, decided, lookedInto, started } from './catalogue.ts'
import { extended, repaired, serves } from './replicas.ts'
import type { Rules } from './rules.ts'
import { lengthOf, withReplica, type State } from './state.ts'

/** Of an order that comes when the faults are over. */
const LAST_ORDER = 'Z'
/** More rounds than a system needs that can go on at all. */
const ROUNDS_MAX = 8

/**
 * Tells why the system cannot go on once all faults are over: everybody reaches everybody, and whoever leads is elected anew.
 * Returns undefined when in the end somebody serves, one more order is decided, all is published, and all copies are the same.
 */
export function whyStuck(rules: Rules, broken: State): string | undefined {
  let state: State = {
    ...broken,
    replicas: broken.replicas.map((replica) => ({ ...replica, reached: true, lead: undefined, late: undefined })),
  }
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    state = healedOnce(rules, state)
    if (isWell(state)) return undefined
  }
  const logs = state.replicas.map(({ log }) => log || '(empty)').join(' and ')
  return `the system cannot go on: the ledger is ${state.open ? state.cached?.log : 'not open'}, the logs ${logs}`
}

function healedOnce(rules: Rules, before: State): State {
  let state = before.open ? before : started(rules, before)
  for (const at of state.replicas.keys()) {
    if (state.open && state.replicas[at]?.unread) state = lookedInto(state, at)
  }
  for (const at of state.replicas.keys()) {
    if (state.open && !state.replicas.some(({ lead }) => lead?.live)) state = connected(state, at) ?? state
  }
  const ledger = state.cached
  if (!ledger || !state.replicas.some(({ lead }) => lead?.live)) return state
  const isTraded = ledger.log.includes(LAST_ORDER)
  return copied(rules, isTraded ? state : decided(rules, state, { ...ledger, log: `${ledger.log}${LAST_ORDER}${ledger.generation}` }))
}

/** All that was sent is everywhere, and published. */
function copied(rules: Rules, before: State): State {
  const { cached: ledger, replicas } = before
  const lead = replicas.find((replica) => replica.lead?.live)?.lead
  if (!ledger || !lead) return before
  let state = before
  for (const [at, replica] of replicas.entries()) {
    const change = repaired(replica, ledger) ?? extended(rules, replica, lead.generation, lead.sent)
    if (change) state = withReplica(state, at, change)
  }
  const written = state.replicas.find((replica) => replica.lead?.live)?.log ?? ''
  return { ...state, synced: ledger, published: lengthOf(written) }
}

function isWell({ replicas, cached, open, published }: State): boolean {
  const isSame = replicas.every(({ log }) => log === cached?.log)
  return open && isSame && published === lengthOf(cached?.log ?? '') && replicas.some((replica) => serves(replica, published))
}
