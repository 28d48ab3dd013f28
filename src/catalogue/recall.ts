import { positionToPublish } from '../domain/order.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Adoption, Recalled, RecallRequest } from '../wire/messages.ts'
import { toWireOutcome } from '../wire/outcome-codes.ts'
import type { Ledger } from '../storage/ledger.ts'
import { replay } from './decide.ts'

/** What a catalogue answers where a leader of another make stands between it and those who ask. */
interface AskedLedger {
  readonly ledger: Ledger
  /** Why the catalogue does not trade at the moment, or undefined. */
  readonly refusal: string | undefined
  /** The published length, once it is certain. */
  confirm(): Promise<{ readonly position: number }>
}

/**
 * What is on record under a key: an outcome only once what it speaks of is published, that there is none at once. Rejects
 * with UNAVAILABLE when that cannot be told.
 */
export async function recall({ ledger, refusal, confirm }: AskedLedger, { key, fingerprint }: RecallRequest): Promise<Recalled> {
  if (refusal !== undefined) throw new RpcError('UNAVAILABLE', refusal)
  const { length } = ledger.head()
  const recorded = await ledger.recorded(key)
  if (!recorded) return { length }
  const outcome = replay(recorded, { fingerprint })
  if (positionToPublish(outcome) > (await confirm()).position) throw new RpcError('UNAVAILABLE', 'decided, but not published yet')
  return { outcome: toWireOutcome(outcome), length }
}

/** The history that the ledger goes on. Without entries it may still turn out that another one is to be recovered: UNAVAILABLE. */
export function originOf({ ledger, refusal }: Pick<AskedLedger, 'ledger' | 'refusal'>): Adoption {
  const { generation, genesis, length } = ledger.head()
  if (refusal !== undefined || length === 0) throw new RpcError('UNAVAILABLE', refusal ?? 'no order has been decided yet')
  return { generation, genesis }
}
