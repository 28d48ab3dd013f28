import type { Runtime } from '../wire/runtime.ts'
import type { Entries } from '../wire/messages.ts'
import { commonLength } from '../storage/chain.ts'
import type { Copy } from './copy.ts'

const LEDGER_READ_MS = 2_000

/**
 * Compares this replica's log with the ledger, and gives up its tail where the ledger has gone another way for good.
 *
 * R4. A tail is given up, and archived, only for a ledger of a higher generation. Either that ledger has an entry of a
 *     higher generation where the tail begins, or it was recovered after the tail was decided. A recovery that had read
 *     this log would have kept the tail, so it was done without this log. In all other cases the ledger has lost
 *     something, and has to be recovered from this log.
 *
 * Returns whether the log is a prefix of the ledger now. A log of another cluster never is, and is never touched.
 */
export async function repair(runtime: Runtime, copy: Copy, catalogueAddress: string): Promise<boolean> {
  const { network, log } = runtime
  const read = (from: number, limit: number): Promise<Entries> =>
    network.call(catalogueAddress, 'Catalog.Read', { from, limit }, LEDGER_READ_MS)

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
