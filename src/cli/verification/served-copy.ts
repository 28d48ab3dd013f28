import { LIMITS } from '../../domain/limits.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { fromWireEntries } from '../../wire/entries.ts'
import type { Entries } from '../../wire/messages.ts'
import type { Network } from '../../wire/network.ts'
import { RpcError } from '../../wire/rpc-error.ts'
import { genesisDigest } from '../../storage/chain.ts'
import { Findings } from '../../storage/verify/findings.ts'
import { LogCheck } from '../../storage/verify/log-check.ts'
import type { CopyKind, Progress, VerifiedCopy } from '../../storage/verify/verification.ts'

const CALL_DEADLINE_MS = 5_000

/** A process that serves a copy of the log. */
export interface ServingProcess {
  readonly address: string
  readonly kind: CopyKind
  /** '' while the copy belongs to no history. */
  readonly clusterId: string
}

/**
 * Asks which process runs at an address. Rejects with an {@link RpcError} when there is neither a catalogue nor a replica of
 * ours.
 */
export async function serverAt(network: Network, address: string): Promise<ServingProcess> {
  const catalogue = await statusAt(network, address, 'Catalog.Status')
  if (catalogue) return { address, kind: 'ledger', clusterId: catalogue.clusterId }
  const replica = await statusAt(network, address, 'Order.Status')
  if (replica) return { address, kind: 'order log', clusterId: replica.clusterId }
  const why = 'another program answers there, which knows only the single calls of the contract. Its copy cannot be verified: leave it out'
  throw new RpcError('UNIMPLEMENTED', why)
}

/** Asks for a status. Returns undefined when the process there does not know the method. */
async function statusAt(
  network: Network,
  address: string,
  method: 'Catalog.Status' | 'Order.Status',
): Promise<{ readonly clusterId: string } | undefined> {
  try {
    return await network.call(address, method, {}, CALL_DEADLINE_MS)
  } catch (error) {
    if (error instanceof RpcError && error.code === 'UNIMPLEMENTED') return undefined
    throw error
  }
}

/**
 * Reads all entries that a running process serves, up to where its log ended at the first answer, and checks them and their
 * digests. Levels and refusals are not served: only the process's file shows them. Rejects with an {@link RpcError} when an
 * answer does not come.
 */
export async function verifyServed(network: Network, server: ServingProcess, progress: Progress): Promise<VerifiedCopy> {
  const { address, kind, clusterId } = server
  const read = (from: number, limit: number): Promise<Entries> =>
    network.call(address, kind === 'ledger' ? 'Catalog.Read' : 'Order.Read', { from, limit }, CALL_DEADLINE_MS)

  const head = await read(0, 0)
  const findings = new Findings()
  const log = new LogCheck(head.digest, isUsualGenesis(clusterId, head.digest) ? OPENING_CATALOGUE : undefined, findings)
  progress.begin(`${address}: entries`, head.length)
  while (log.length < head.length) {
    const from = log.length
    const page = await read(from, Math.min(LIMITS.catchUpBatchMax, head.length - from))
    for (const entry of fromWireEntries(page.entries)) log.take(entry)
    if (log.length === from) break
    log.expect(page.digest)
    progress.advance(page.entries.length)
  }
  log.end(head.length)
  return {
    source: address,
    kind,
    clusterId: clusterId === '' ? undefined : clusterId,
    generation: head.generation,
    lastGeneration: log.lastGeneration,
    recoveredGeneration: head.recoveredGeneration,
    length: log.length,
    digest: log.digest,
    findings,
    unverified: undefined,
    digestAt: async (length) => (await read(length, 0)).digest,
    entry: async (number) => fromWireEntries((await read(number, 1)).entries)[0],
    close: () => {},
  }
}

const isUsualGenesis = (clusterId: string, digest: string): boolean => genesisDigest({ clusterId, stocks: OPENING_CATALOGUE }) === digest
