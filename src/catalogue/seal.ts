import type { Runtime } from '../runtime/runtime.ts'
import type { LedgerHead } from '../storage/ledger.ts'

const SEAL_DEADLINE_MS = 500

/**
 * Tells every replica that can be reached of the new generation, so that none takes part under an older one. Returns why
 * the catalogue must not trade when a replica turns out to hold what the ledger lacks.
 */
export async function sealReplicas(
  runtime: Runtime,
  head: LedgerHead,
  addresses: readonly string[],
): Promise<string | undefined> {
  const { generation, genesis, length } = head
  const seals = addresses.map(async (address) => {
    try {
      const result = await runtime.network.call(address, 'Order.Seal', { generation, genesis }, SEAL_DEADLINE_MS)
      if (result.clusterId !== '' && result.clusterId !== genesis.clusterId) {
        return `the replica at ${address} belongs to cluster ${result.clusterId}, this catalogue to ${genesis.clusterId}`
      }
      if (result.length > length) {
        return `the replica at ${address} holds ${result.length} entries, the ledger only ${length}: the ledger lost entries`
      }
    } catch (error) {
      runtime.log.info({ address, error: (error as Error).message }, 'replica not sealed')
    }
    return undefined
  })
  return (await Promise.all(seals)).find((reason) => reason !== undefined)
}
