import type { Runtime } from '../wire/runtime.ts'
import type { Entries } from '../wire/messages.ts'
import { mayBeGivenUp } from '../domain/generation.ts'
import { commonLength } from '../storage/chain.ts'
import type { Copy } from './copy.ts'

const LEDGER_READ_MS = 2_000

/** Why a log is no prefix of the ledger, and stays as it is. */
export interface Kept {
  readonly why: string
  /** The log and the ledger are two histories, which only the operator can end. */
  readonly isParted: boolean
}

/**
 * Compares this replica's log with the ledger, and gives up its tail where a recovery of the ledger has given it up.
 *
 * R4. A tail is given up, and archived, only for a ledger that was recovered without this log: the ledger goes on in a higher
 *     generation there, or was recovered in one, and generations were skipped since the last common entry
 *     (domain/generation.ts). In all other cases the log is kept. Then the ledger has lost something, and has to be
 *     recovered from this log. Or both are of copies of one system that went on apart, and the operator has to choose.
 *
 * Returns undefined when the log is a prefix of the ledger now, or else why it is not. A log of another cluster never is,
 * and is never touched.
 */
export async function repair(runtime: Runtime, copy: Copy, catalogueAddress: string): Promise<Kept | undefined> {
  const { network, log } = runtime
  const read = (from: number, limit: number): Promise<Entries> =>
    network.call(catalogueAddress, 'Catalog.Read', { from, limit }, LEDGER_READ_MS)

  const own = copy.head()
  const theirs = await read(0, 0)
  if (theirs.generation < own.sealedGeneration) return kept('the ledger is of an earlier generation than this log is sealed with')
  if ((await copy.log.digestAt(0)) !== theirs.digest) return kept('the ledger is of another cluster than this log')
  const isSameAt = async (length: number) => (await copy.log.digestAt(length)) === (await read(length, 0)).digest
  const common = await commonLength(Math.min(own.length, theirs.length), isSameAt)
  if (common === own.length) return undefined
  const [successor] = (await read(common, 1)).entries
  const last = common > 0 ? await copy.log.entry(common - 1) : undefined
  const overruledBy = successor ? successor.generation : theirs.recoveredGeneration
  const isOverruled = mayBeGivenUp({ common: last?.generation ?? 0, tail: own.lastGeneration, other: overruledBy })
  if (!isOverruled) {
    return successor
      ? { why: partedAt(common), isParted: true }
      : kept(`this log holds ${own.length} orders, the ledger only the first ${common} of them`)
  }
  if (!(await copy.cut(common, own))) return kept('the log has changed while it was compared')
  log.warn({ length: own.length, common, generation: theirs.generation }, 'tail given up and archived') // R4
  return undefined
}

const kept = (why: string): Kept => ({ why, isParted: false })

/** At most as long as the reason that a status shows. */
const partedAt = (number: number): string =>
  `two histories of one system: from number ${number} on this log holds other orders than the ledger. Copies of the system have gone on ` +
  'apart. Nothing is given up: move away the file of this replica, or, if this copy is meant, those of the other one'
