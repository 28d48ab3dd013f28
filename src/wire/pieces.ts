import { LIMITS } from '../domain/limits.ts'
import { entryBytes, type Entry } from '../domain/order.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import { RpcError } from './rpc-error.ts'

/** How long a read of a log waits for its turn. By then its asker has asked again, or has given up. */
export const READ_PATIENCE_MS = 5_000

/** Refuses a read of a log for which there was no room. Always throws an RpcError. */
export function tooManyReads(): never {
  throw new RpcError('RESOURCE_EXHAUSTED', 'too many reads are waiting; try again')
}

/** A log that gives its entries by number. */
export interface EntrySource {
  entries(from: number, limit: number): Promise<readonly Entry[]>
}

/**
 * Reads up to `limit` entries from number `from` on, in pieces. A read keeps the event loop busy. Between two pieces, all
 * other work that is ready gets its turn. Reading ends early when the asker has gone, and when the page is full. The first
 * entry always fits in a page, however large it is.
 */
export async function entriesInPieces(
  clock: Clock,
  log: EntrySource,
  from: number,
  limit: number,
  asker: Asker,
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  let bytes = 0
  while (entries.length < limit && !asker.isGone) {
    if (entries.length > 0) await nextTurn(clock)
    const wanted = Math.min(LIMITS.entriesPieceMax, limit - entries.length)
    const piece = await log.entries(from + entries.length, wanted)
    if (piece.length === 0) break
    for (const entry of piece) {
      bytes += entryBytes(entry)
      if (bytes > LIMITS.pageBytesMax && entries.length > 0) return entries
      entries.push(entry)
    }
  }
  return entries
}
