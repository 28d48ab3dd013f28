import { LIMITS } from '../domain/limits.ts'
import { entryBytes, type Entry } from '../domain/order.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import { RpcError } from './rpc-error.ts'

/** Whoever reads a log has asked again, or given up, after that. */
export const READ_PATIENCE_MS = 5_000

/** @throws RpcError: a read of a log was not carried out. */
export function tooManyReads(): never {
  throw new RpcError('RESOURCE_EXHAUSTED', 'too many reads are waiting; try again')
}

/** A log that gives its entries by number. */
export interface EntrySource {
  entries(from: number, limit: number): Promise<readonly Entry[]>
}

/**
 * Up to `limit` entries from number `from` on, read in pieces: a read keeps the event loop busy, and between two of them
 * all that is ready gets its turn. It ends early when the asker has gone, and when the page is full: one entry at least it
 * holds, however large.
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
