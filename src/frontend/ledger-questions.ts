import type { ErrorName } from '../domain/errors.ts'
import type { Network } from '../wire/network.ts'
import { fromWireOutcome, REJECTION_ERRORS } from '../wire/outcome-codes.ts'
import { recordedKey } from './idempotency-key.ts'

/** The catalogue may need three seconds until it is certain what is published. */
const CONFIRM_MS = 4_000
const RECALL_MS = 1_000

/** Returns the published length, no less than anybody was ever told; undefined when the catalogue cannot tell. */
export async function confirmPublished(network: Network, catalogueAddress: string): Promise<number | undefined> {
  const published = await network.call(catalogueAddress, 'Catalog.Confirm', {}, CONFIRM_MS).catch(() => undefined)
  return published?.position
}

/** The record under a key: an order's number, why its order was rejected, nothing, or nobody can tell. */
export type Recalled = number | ErrorName | 'none' | 'unavailable'

/** Asks the catalogue what is on record under a client's key. */
export async function recallKey(network: Network, catalogueAddress: string, key: string): Promise<Recalled> {
  const question = { key: recordedKey(key), fingerprint: '', anyFingerprint: true }
  const recalled = await network.call(catalogueAddress, 'Catalog.Recall', question, RECALL_MS).catch(() => undefined)
  if (!recalled) return 'unavailable'
  const outcome = recalled.outcome && fromWireOutcome(recalled.outcome)
  if (!outcome) return recalled.outcome ? 'unavailable' : 'none'
  if (outcome.kind === 'accepted') return outcome.number
  // A catalogue of an earlier version does not know the question.
  return outcome.kind === 'rejected' ? REJECTION_ERRORS[outcome.reason] : 'unavailable'
}
