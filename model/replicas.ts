import type { Rules } from './rules.ts'
import { commonLength, firstOf, generationAt, lengthOf, type Ledger, type LogText, type Replica, type State } from './state.ts'

/** A replica is offered the log up to some length, under a generation. Undefined when it refuses. */
export function extended(rules: Rules, replica: Replica, generation: number, log: LogText): Partial<Replica> | undefined {
  if (rules.refuseStale && generation < replica.sealed) return undefined // R2
  const sealed = Math.max(generation, replica.sealed)
  if (log.startsWith(replica.log)) return { log, sealed }
  return replica.log.startsWith(log) ? { sealed } : undefined
}

/**
 * Compares a replica's log with the ledger. If they differ, the replica gives up its tail where the ledger has gone
 * another way for good (R4). Undefined when nothing changes.
 */
export function repaired({ log }: Replica, ledger: Ledger): Partial<Replica> | undefined {
  if (ledger.log.startsWith(log)) return undefined
  const common = commonLength(log, ledger.log)
  const overruledBy = common < lengthOf(ledger.log) ? generationAt(ledger.log, common) : ledger.marked
  if (generationAt(log, common) >= overruledBy) return undefined
  return { log: firstOf(log, common), lead: undefined }
}

/** Tells whether this replica leads, is heard by the catalogue, holds what the ledger held when it was welcomed, and that is published. */
export const serves = ({ lead, log }: Replica, published: number): boolean =>
  lead?.live === true && lead.until <= Math.min(published, lengthOf(log))

/** Marks the logs of all leaders that serve by now: on disk, before anybody is answered. */
export function marked(state: State): State {
  if (!state.open) return state
  const replicas = state.replicas.map((replica) => {
    const { lead } = replica
    return lead && serves(replica, state.published) ? { ...replica, marked: Math.max(replica.marked, lead.generation) } : replica
  })
  return { ...state, replicas }
}
