import { positionToPublish } from '../domain/order.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Adoption, Recalled, RecallRequest } from '../wire/messages.ts'
import { toWireOutcome } from '../wire/outcome-codes.ts'
import type { Ledger } from '../storage/ledger.ts'
import { replay } from './decide.ts'

/** The parts of a catalogue that answer questions when the leader is of another make. */
interface AskedLedger {
  readonly ledger: Ledger
  /** Why the catalogue does not trade at the moment, or undefined. */
  readonly refusal: string | undefined
  /** The published length, once it is certain. */
  confirm(): Promise<{ readonly position: number }>
}

/**
 * The outcome on record under a key. An outcome is told once the orders that it is about are published; that there is none
 * is told at once. Rejects with UNAVAILABLE when neither can be told.
 */
export async function recall(
  { ledger, refusal, confirm }: AskedLedger,
  { key, fingerprint, anyFingerprint }: RecallRequest,
): Promise<Recalled> {
  if (refusal !== undefined) throw new RpcError('UNAVAILABLE', refusal)
  const { length } = ledger.head()
  const recorded = await ledger.recorded(key)
  if (!recorded) return { length }
  const outcome = replay(recorded, { fingerprint: anyFingerprint ? recorded.fingerprint : fingerprint })
  if (positionToPublish(outcome) > (await confirm()).position) throw new RpcError('UNAVAILABLE', 'decided, but not published yet')
  return { outcome: toWireOutcome(outcome), length }
}

/** The history of the ledger. Throws UNAVAILABLE while the ledger has no entries, since it may still recover another history. */
export function originOf({ ledger, refusal }: Pick<AskedLedger, 'ledger' | 'refusal'>): Adoption {
  const { generation, genesis, length } = ledger.head()
  if (refusal !== undefined || length === 0) throw new RpcError('UNAVAILABLE', refusal ?? 'no order has been decided yet')
  return { generation, genesis }
}
