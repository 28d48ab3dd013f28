import { LIMITS } from '../domain/limits.ts'
import { entryBytes, type Entry } from '../domain/order.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import type { Entries, ReadRequest } from './messages.ts'
import { RpcError } from './rpc-error.ts'

/** Whoever reads a log has asked again, or given up, after that. */
const READ_PATIENCE_MS = 5_000

/** A log that gives its entries by number. */
interface EntrySource {
  entries(from: number, limit: number): Promise<readonly Entry[]>
}

/** A log that others read: the ledger, or a replica's copy. */
export interface ServedLog extends EntrySource {
  head(): { readonly length: number; readonly generation: number; readonly recoveredGeneration: number }
  digestAt(length: number): Promise<string | undefined>
  /**
   * Resolves when the next page may be asked for, after one of so many entries that took `workedMs` to read. Without it, that is
   * at once.
   */
  rest?(workedMs: number, entries: number): Promise<void>
}

/**
 * Reads of many entries of one log, one at a time: orders, pings and leases come first. Further reads wait for their turn.
 * A read that waits for too long, or whose asker has gone, is not carried out, nor is one for which too many wait.
 */
export class LogReads {
  readonly #clock: Clock
  readonly #log: ServedLog
  readonly #gate: Gate

  constructor(clock: Clock, log: ServedLog) {
    this.#clock = clock
    this.#log = log
    this.#gate = new Gate(clock, { placesMax: 1, waitingMax: LIMITS.waitingReadsMax })
  }

  /**
   * Answers a `Read` call. With limit 0 it tells the digest of the first `from` entries, '' when there are fewer. A page is
   * given away after the log's rest, in which other reads are carried out.
   * @throws RpcError when the read is not carried out.
   */
  async read(request: ReadRequest, asker: Asker): Promise<Entries> {
    let begunAt = 0
    const read = () => {
      begunAt = this.#clock.monotonicMs()
      return this.#answer(request, asker)
    }
    const answer = await this.#gate.run(asker, READ_PATIENCE_MS, read)
    if (!answer) throw new RpcError('RESOURCE_EXHAUSTED', 'too many reads are waiting; try again')
    const { length } = answer.entries
    if (length > LIMITS.entriesPieceMax) await this.#log.rest?.(this.#clock.monotonicMs() - begunAt, length)
    return answer
  }

  /**
   * Up to `limit` entries from number `from` on, fewer when the asker has gone or they fill a page. `source` is the log in
   * the form in which the asker may see it. Undefined when the read is not carried out.
   */
  entries(source: EntrySource, from: number, limit: number, asker: Asker): Promise<readonly Entry[] | undefined> {
    return this.#gate.run(asker, READ_PATIENCE_MS, () => entriesInPieces(this.#clock, source, from, limit, asker))
  }

  async #answer({ from, limit }: ReadRequest, asker: Asker): Promise<Entries> {
    const { length, generation, recoveredGeneration } = this.#log.head()
    const entries = await entriesInPieces(this.#clock, this.#log, from, Math.min(limit, LIMITS.catchUpBatchMax), asker)
    const digest = (await this.#log.digestAt(from + entries.length)) ?? ''
    return { entries, digest, length, generation, recoveredGeneration }
  }
}

/**
 * Entries read in pieces: a read keeps the event loop busy, and between two of them all that is ready gets its turn. It
 * ends early when the asker has gone, and when the page is full: one entry at least it holds, however large.
 */
async function entriesInPieces(clock: Clock, log: EntrySource, from: number, limit: number, asker: Asker): Promise<readonly Entry[]> {
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
