import { LIMITS } from '../domain/limits.ts'
import { entryBytes, type Entry } from '../domain/order.ts'

/** A log that can be read by number: the ledger, or a replica's copy. */
export interface ReadableLog {
  /**
   * Returns entries from number `from` on, in order: at most `limit`, and no more than fit into `LIMITS.pageBytesMax`.
   * Returns at least one if there is one.
   */
  entries(from: number, limit: number): Promise<readonly Entry[]>
}

/** Returns how many of these entries one page may hold: at least one. */
export function fittingOnPage(entries: readonly Entry[]): number {
  let bytes = 0
  for (let at = 0; at < entries.length; at += 1) {
    bytes += entryBytes(entries[at]!)
    if (bytes > LIMITS.pageBytesMax && at > 0) return at
  }
  return entries.length
}

/** Returns one page of a log in memory, as {@link ReadableLog.entries} promises it. */
export function pageOf(entries: readonly Entry[], from: number, limit: number): readonly Entry[] {
  const first = Math.max(0, from)
  const wanted = entries.slice(first, first + Math.max(0, limit))
  return wanted.slice(0, fittingOnPage(wanted))
}

/** Yields all entries from number `from` up to, not including, `end`, page by page. Ends early when the log ends. */
export async function* pagesOf(log: ReadableLog, from: number, end: number): AsyncGenerator<readonly Entry[], void, void> {
  for (let next = from; next < end; ) {
    const page = await log.entries(next, Math.min(LIMITS.catchUpBatchMax, end - next))
    if (page.length === 0) return
    yield page
    next += page.length
  }
}

/** Returns the same entries in one array. Call it when they are known to be few. */
export async function entriesBetween(log: ReadableLog, from: number, end: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for await (const page of pagesOf(log, from, end)) for (const entry of page) entries.push(entry)
  return entries
}
