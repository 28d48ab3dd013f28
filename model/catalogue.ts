import { repaired } from './replicas.ts'
import type { Rules } from './rules.ts'
import { lastGenerationOf, lengthOf, withReplica, type Ledger, type Replica, type State } from './state.ts'

/** The end of the process. What was committed stays, as long as the power is on. */
export const died = (state: State): State => ({
  ...state,
  open: false,
  published: 0,
  settledAt: 0,
  replicas: state.replicas.map((replica) => ({
    ...replica,
    unread: false,
    lead: replica.lead && { ...replica.lead, live: false },
  })),
})

/** Tells whether a replica holds entries that this ledger lacks, and of a generation that still counts. */
export function isAhead({ log }: Replica, ledger: Ledger): boolean {
  const last = lastGenerationOf(log)
  if (log === '' || last < ledger.marked) return false
  return (last - lastGenerationOf(ledger.log) || log.length - ledger.log.length) > 0
}

/** Tells whether a replica shows that this ledger has lost something. */
export const showsLoss = (replica: Replica, ledger: Ledger): boolean => isAhead(replica, ledger) || replica.sealed > ledger.generation

const highestSeal = (replicas: readonly Replica[]): number => Math.max(0, ...replicas.map(({ sealed }) => sealed))

/** The ledger is written and synced, with all that was written before. */
const synced = (state: State, ledger: Ledger): State => ({ ...state, cached: ledger, synced: ledger })

/**
 * The start of the catalogue. It raises its generation and seals all replicas in reach. If one of them is ahead, or there is
 * no ledger, it recovers, or ends without having opened its ledger.
 */
export function started(rules: Rules, state: State): State {
  const { cached } = state
  if (!cached) return recovered(rules, state)
  const looked = state.replicas.filter(({ reached }) => reached)
  const generation = Math.max(cached.generation, highestSeal(looked)) + 1 // C1
  const sealed = {
    ...synced(state, { ...cached, generation }),
    replicas: state.replicas.map((replica) => (replica.reached ? { ...replica, sealed: Math.max(replica.sealed, generation) } : replica)),
  }
  return looked.some((replica) => isAhead(replica, cached)) ? recovered(rules, sealed) : opened(sealed)
}

function opened(state: State): State {
  return {
    ...state,
    open: true,
    published: 0,
    settledAt: lengthOf(state.cached?.log ?? ''),
    replicas: state.replicas.map((replica) => ({ ...replica, unread: !replica.reached })),
  }
}

/** The ledger takes over the best log. Nothing is recovered as long as a replica is missing (C2). */
function recovered(rules: Rules, state: State): State {
  const { cached, replicas } = state
  const read = replicas.filter(({ reached }) => reached)
  if (read.length < (rules.recoverFromAll ? replicas.length : 1)) return state
  const generation = Math.max(cached?.generation ?? 0, highestSeal(read)) + 1
  const best = read.toSorted((a, b) => rankOf(rules, b) - rankOf(rules, a) || b.log.length - a.log.length)[0]
  const log = best?.log ?? ''
  const isExtended = rules.extend && cached !== undefined && log.startsWith(cached.log)
  const ledger = { log, rejected: isExtended ? cached.rejected : '', generation, marked: generation }
  const sealed = replicas.map((replica) => (replica.reached ? { ...replica, sealed: generation } : replica))
  return opened({ ...synced(state, ledger), replicas: sealed })
}

function rankOf(rules: Rules, { log, sealed, marked }: Replica): number {
  if (rules.choice === 'sealed') return sealed
  return rules.choice === 'marked' ? Math.max(marked, lastGenerationOf(log)) : lastGenerationOf(log)
}

/** The catalogue looks into a replica that it has not read yet. If that shows a loss, its process ends, to start over. */
export function lookedInto(state: State, at: number): State {
  const { cached, replicas } = state
  const replica = replicas[at]
  if (!cached || !replica) return state
  if (showsLoss(replica, cached)) return died(state)
  return withReplica(state, at, { unread: false, sealed: Math.max(replica.sealed, cached.generation) })
}

/** A replica that was elected greets the catalogue. Undefined when that changes nothing: it is refused, and remains what it is. */
export function connected(before: State, at: number): State | undefined {
  let state = before
  for (const [i, { unread, reached }] of before.replicas.entries()) {
    if (state.open && unread && reached) state = lookedInto(state, i) // C4
  }
  const { cached, replicas, open } = state
  const replica = replicas[at]
  if (!open) return state
  if (!cached || !replica) return undefined
  if (showsLoss(replica, cached)) return died(state)
  if (!cached.log.startsWith(replica.log)) {
    const repair = repaired(replica, cached)
    return repair && withReplica(state, at, repair)
  }
  const lead = { generation: cached.generation, live: true, until: lengthOf(cached.log), sent: cached.log }
  return withReplica(state, at, { lead, sealed: cached.generation })
}

/** A decision is written, and sent to every leader that is heard. */
export function decided(rules: Rules, state: State, written: Ledger): State {
  const ledger = rules.decisionsMark ? { ...written, marked: written.generation } : written
  const replicas = state.replicas.map((replica) => {
    const isSent = replica.lead?.live && replica.lead.generation === ledger.generation
    return isSent ? { ...replica, lead: { ...replica.lead, sent: ledger.log } } : replica
  })
  return { ...state, cached: ledger, synced: rules.syncBeforeSending ? ledger : state.synced, replicas }
}
