import { definitions } from '../../src/rpc/definitions.ts'
import { fromWireEntries } from '../../src/wire/entries.ts'
import type { CatalogueStatus, Entries, ReplicaStatus } from '../../src/wire/messages.ts'
import type { LogEntry } from '../checkers/history.ts'
import type { Addresses } from '../cluster.ts'
import { callUnary, definitionOf } from '../contract/conformance/grpc.ts'

const PAGE = 1_000

/** The status of the four copies. Undefined for a process that does not answer. */
export interface Copies {
  readonly catalogue: CatalogueStatus | undefined
  readonly replicas: readonly (ReplicaStatus | undefined)[]
}

async function lookAtCopies({ catalogue, replicas }: Addresses): Promise<Copies> {
  const [ledger, logs] = await Promise.all([
    statusOf<CatalogueStatus>(catalogue, 'Catalog.Status'),
    Promise.all(replicas.map(({ address }) => statusOf<ReplicaStatus>(address, 'Order.Status'))),
  ])
  return { catalogue: ledger, replicas: logs }
}

const statusOf = <Status>(address: string, method: string): Promise<Status | undefined> =>
  callUnary<Status>(address, definitionOf(definitions, method), {}).catch(() => undefined)

/**
 * Waits until every copy holds all that the catalogue held at its first answer. Then all acknowledged orders are on at least two
 * disks, and one may be lost. Returns false when `deadlineMs` is over before.
 */
export async function untilEveryCopyIsWhole(system: Addresses, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs
  let goal: number | undefined
  while (performance.now() < deadline) {
    const { catalogue, replicas } = await lookAtCopies(system)
    goal ??= catalogue?.length
    const whole = (length: number | undefined) => goal !== undefined && length !== undefined && length >= goal
    if (whole(catalogue?.length) && replicas.every((replica) => whole(replica?.length))) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

/** Returns the whole log with its keys, as the catalogue has it. */
export async function finalLog({ catalogue }: Addresses): Promise<LogEntry[]> {
  const log: LogEntry[] = []
  for (;;) {
    const request = { from: log.length, limit: PAGE }
    const page = await callUnary<Entries>(catalogue, definitionOf(definitions, 'Catalog.Read'), request)
    if (page.entries.length === 0) return log
    for (const { number, key, name, type, quantity } of fromWireEntries(page.entries)) {
      log.push({ number, key, name, type, quantity })
    }
  }
}
