import type { SealRequest, SealResult } from '../wire/messages.ts'
import type { Belonging } from './belonging.ts'
import type { Copy } from './copy.ts'

/**
 * Answers `Order.Seal`: takes in the catalogue's generation, and says what this replica holds. A catalogue that has lost
 * its ledger knows no genesis; then the one held here stands. Rejects with an RpcError when another catalogue asks (R5).
 */
export async function seal(
  replicaId: number,
  copy: Copy,
  belonging: Belonging,
  { generation, genesis, catalogueId }: SealRequest,
): Promise<SealResult> {
  await belonging.requireOwnCatalogue(catalogueId)
  const held = copy.head()
  const history = genesis ?? held.genesis
  const isOurs = history && (held.length === 0 || held.genesis?.clusterId === history.clusterId)
  const head = isOurs ? await copy.seal(generation, history) : held
  return {
    replicaId,
    clusterId: head.genesis?.clusterId ?? '',
    diskId: head.diskId,
    sealedGeneration: head.sealedGeneration,
    length: head.length,
    digest: head.digest,
    lastGeneration: head.lastGeneration,
    genesis: head.genesis ?? null,
  }
}
