import { mayBeGivenUp } from '../domain/generation.ts'
import { commonLength } from '../storage/chain.ts'
import type { Ledger } from '../storage/ledger.ts'
import type { Runtime } from '../wire/runtime.ts'
import { logDigestAt, readLog } from './replica-logs.ts'
import { nameOf, type Sealed } from './seals.ts'

/**
 * Says whether a replica's log may become the ledger.
 *
 * C5. A ledger that can be read is replaced only by a log of its own cluster that holds all entries known to be published.
 * C9. Every log is a prefix of the one that is chosen, but for tails that an earlier recovery may have given up. If one is
 *     not, none is chosen: copies of one system have gone on apart, and the operator has to say which one is meant.
 */

/** C5. Throws when the replica's log lacks published entries of the ledger. A ledger without orders has none. */
export async function requireContained(runtime: Runtime, ledger: Ledger, best: Sealed): Promise<void> {
  const { length, genesis, publishedAtLeast } = ledger.head()
  if (length === 0) return
  const isContained =
    best.state.clusterId === genesis.clusterId &&
    (await logDigestAt(runtime, best, publishedAtLeast)) === (await ledger.digestAt(publishedAtLeast))
  if (isContained) return
  throw new Error(
    `the ledger holds ${publishedAtLeast} published orders that the log of ${nameOf(best)} does not begin with: it is not replaced. ` +
      'Put back the ledger that belongs to these replicas, or start the replicas that belong to this ledger',
  )
}

/** C9. Throws when one of these replicas, which belong to one cluster, holds another history than the one of them that is best. */
export async function requireOneHistory(runtime: Runtime, best: Sealed, holders: readonly Sealed[]): Promise<void> {
  for (const holder of holders) {
    if (holder === best) continue
    const common = await commonOf(runtime, best, holder)
    if (common === holder.state.length || (await isGivenUp(runtime, best, holder, common))) continue
    throw new Error(
      `the replicas hold two histories of cluster ${holder.state.clusterId}: ${nameOf(holder)} has other orders among its ` +
        `${holder.state.length} than ${nameOf(best)} among its ${best.state.length}, from number ${common} on. Copies of one ` +
        'system have gone on apart. Nothing is changed: move away the files of the copy that is not meant',
    )
  }
}

const commonOf = (runtime: Runtime, best: Sealed, holder: Sealed): Promise<number> =>
  commonLength(
    Math.min(best.state.length, holder.state.length),
    async (length) => (await logDigestAt(runtime, best, length)) === (await logDigestAt(runtime, holder, length)),
  )

/** Says whether a recovery may have given up what the holder's log has from number `common` on. */
async function isGivenUp(runtime: Runtime, best: Sealed, holder: Sealed, common: number): Promise<boolean> {
  const generationOf = async (number: number): Promise<number> => {
    const { entries } = await readLog(runtime, best, { from: number, limit: 1 })
    return entries[0]?.generation ?? 0
  }
  const last = common > 0 ? await generationOf(common - 1) : 0
  return mayBeGivenUp({ common: last, tail: holder.state.lastGeneration, other: await generationOf(common) })
}
