import { assert } from '../runtime/assert.ts'
import { isTradeType, type Entry } from '../domain/order.ts'
import { chainDigest } from './chain.ts'

/**
 * Returns the digest after each of `entries`. They have to continue a log of this length and digest, and this is asserted: a
 * gap, an overlap or a record that no log can hold is a bug of the caller (G2).
 */
export function continueChain(end: { readonly length: number; readonly digest: string }, entries: readonly Entry[]): readonly string[] {
  const digests: string[] = []
  let digest = end.digest
  let expected = end.length
  for (const entry of entries) {
    if (entry.number !== expected) assert(false, `entry ${entry.number} stands where entry ${expected} is due`)
    if (!isRecordable(entry)) assert(false, `entry ${entry.number} is well formed: ${JSON.stringify(entry)}`)
    digest = chainDigest(digest, entry)
    digests.push(digest)
    expected += 1
  }
  return digests
}

/** Says whether a log can hold the entry. A file would return other text in place of malformed Unicode. */
function isRecordable(entry: Entry): boolean {
  return (
    isTradeType(entry.type) &&
    isCount(entry.quantity) &&
    isCount(entry.generation) &&
    isCount(entry.timeMs) &&
    entry.key.isWellFormed() &&
    entry.fingerprint.isWellFormed() &&
    entry.name.isWellFormed()
  )
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** Returns the error message for entries that do not lead to the digest that was announced with them. */
export function wrongDigest(length: number, reached: string, announced: string): string {
  return `these entries lead to digest ${reached} at length ${length}, announced was ${announced}: nothing was written`
}
