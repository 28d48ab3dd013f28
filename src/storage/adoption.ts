import { genesisDigest, type Genesis } from './chain.ts'

/**
 * The history that a log of `length` entries with `own` genesis belongs to after it was shown `offered`: its own, or the
 * offered one while it is empty. Throws when the two are different histories: a replica never mixes two clusters.
 */
export function adoptGenesis(own: Genesis | undefined, offered: Genesis, length: number): Genesis {
  if (!own || length === 0) return offered
  if (own.clusterId !== offered.clusterId) {
    throw new Error(`this order log belongs to cluster ${own.clusterId}, not to cluster ${offered.clusterId}`)
  }
  if (genesisDigest(own) !== genesisDigest(offered)) {
    throw new Error(`this order log and the caller know two opening catalogues of cluster ${own.clusterId}`)
  }
  return own
}
