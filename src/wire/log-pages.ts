import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import { fromWireEntries } from './entries.ts'
import type { Entries, ReadRequest } from './messages.ts'

/** Pages that are asked for at once. While one page is written, the next ones are read and travel. */
const PAGES_AHEAD = 3

/** A page of another process' log. */
export interface ReadPage extends Entries {
  readonly entries: readonly Entry[]
}

/**
 * Reads the entries of a log from number `from` up to, but not including, `end`, in pages. `read` asks for one page. Throws
 * when the log ends before `end`, and when `read` rejects.
 */
export async function* readPages(
  clock: Clock,
  read: (request: ReadRequest) => Promise<Entries>,
  from: number,
  end: number,
): AsyncGenerator<ReadPage, void, void> {
  const readPage = async (first: number, last: number): Promise<ReadPage> => {
    const page = await read({ from: first, limit: last - first })
    const { length } = page.entries
    if (length > 0 && length <= last - first) return { ...page, entries: fromWireEntries(page.entries) }
    throw new Error(`a log was said to go up to ${end}, and ends at ${first}`)
  }
  const ahead: { readonly first: number; readonly last: number; readonly page: Promise<ReadPage> }[] = []
  for (let next = from; next < end || ahead.length > 0; ) {
    for (; next < end && ahead.length < PAGES_AHEAD; next += LIMITS.catchUpBatchMax) {
      const last = Math.min(end, next + LIMITS.catchUpBatchMax)
      const page = readPage(next, last)
      page.catch(() => undefined) // A failure is thrown when the page's turn comes.
      ahead.push({ first: next, last, page })
    }
    await nextTurn(clock) // So the next requests are sent before a page is worked on.
    const due = ahead.shift()
    if (!due) continue
    // A page of large entries holds fewer than were asked for. The rest is asked for page by page.
    for (let { first, page } = due; ; page = readPage(first, due.last)) {
      const whole = await page
      yield whole
      first += whole.entries.length
      if (first >= due.last) break
    }
  }
}
