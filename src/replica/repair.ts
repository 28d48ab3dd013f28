import type { Runtime } from '../wire/runtime.ts'
import type { Entries } from '../wire/messages.ts'
import { commonLength } from '../storage/chain.ts'
import type { Copy } from './copy.ts'

const CALL_DEADLINE_MS = 2_000

/**
 * Compares this replica's log with the ledger, and gives up its tail where the ledger has gone another way for good.
 *
 * R4. A tail is given up (and archived) only for a ledger of a higher generation: one that stands where the tail begins
 *     with an entry of a higher generation, or one that was recovered after the tail was decided, and so without it: had
 *     this log been read then, the ledger would go on with it. Otherwise it is the ledger that has lost something, and
 *     this log is what it has to be recovered from.
 *
 * Returns whether the log is a prefix of the ledger now. A log of another cluster never is, and is never touched.
 */
export async function repair(runtime: Runtime, copy: Copy, catalogueAddress: string): Promise<boolean> {
  const { network, log } = runtime
  const read = (from: number, limit: number): Promise<Entries> =>
    network.call(catalogueAddress, 'Catalog.Read', { from, limit }, CALL_DEADLINE_MS)

  const own = copy.head()
  const theirs = await read(0, 0)
  if (theirs.generation < own.sealedGeneration || (await copy.log.digestAt(0)) !== theirs.digest) return false
  const isSameAt = async (length: number) => (await copy.log.digestAt(length)) === (await read(length, 0)).digest
  const common = await commonLength(Math.min(own.length, theirs.length), isSameAt)
  if (common === own.length) return true
  const [successor] = (await read(common, 1)).entries
  const mine = await copy.log.entry(common)
  const overruledBy = successor ? successor.generation : theirs.recoveredGeneration
  const overruled = mine !== undefined && mine.generation < overruledBy
  if (!overruled) {
    log.error({ length: own.length, common, ledger: theirs.length }, 'this log holds what the ledger lacks; it is kept')
    return false
  }
  if (!(await copy.cut(common, own))) return false
  log.warn({ length: own.length, common, generation: theirs.generation }, 'tail given up and archived') // R4
  return true
}
