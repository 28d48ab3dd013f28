import { genesisDigest, type Genesis } from './chain.ts'

/**
 * Returns the genesis of a log with `length` entries and the genesis `own`, after somebody has offered it another one. An
 * empty log takes the offered one. Throws when the log has entries of a different history: a replica never mixes two
 * clusters.
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
