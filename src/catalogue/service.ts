import { sleep } from '../runtime/clock.ts'
import type { Service } from '../runtime/service.ts'
import type { Runtime } from '../wire/runtime.ts'
import { haltingLedger } from '../storage/halting.ts'
import { entriesBetween } from '../storage/pages.ts'
import { Decisions } from './decisions.ts'
import { FrontEnds } from './front-ends.ts'
import { LeaderJudge } from './leader-judge.ts'
import { Leaders } from './leaders.ts'
import { Leading } from './leading.ts'
import { Membership, type MembershipOptions } from './membership.ts'
import { servicesFromTheStart, type OpenCatalogue, type StartedCatalogue } from './opening.ts'
import { Publication } from './publication.ts'
import { readOnlyCatalogue } from './read-only.ts'
import { Readiness } from './readiness.ts'
import { openLedger, type RecoveryOptions, type WritableOpening } from './recovery.ts'
import { Retention } from './retention.ts'
import { Seals } from './seals.ts'
import { LEASE_MS, Sessions } from './sessions.ts'
import { ShownStocks } from './shown-stocks.ts'
import { SingleCalls } from './single-calls.ts'
import { Upkeep } from './upkeep.ts'

export interface CatalogueOptions extends Omit<RecoveryOptions & MembershipOptions, 'seals'> {
  /** gRPC port; 0 chooses a free one. */
  readonly port: number
  /** How long a front end may serve from its cache without renewing; no catalogue of this cluster may ever have granted more. */
  readonly leaseMs?: number
}

/**
 * Starts the catalogue. It listens, opens its ledger (recovers it from the replicas if need be), and waits until every
 * session of an earlier run has lapsed. Only then does it decide. While its ledger cannot be written, it serves lookups.
 */
export async function startCatalogue(runtime: Runtime, given: CatalogueOptions): Promise<Service> {
  const closing = new AbortController()
  const catalogueId = runtime.random.id(16)
  const options = { ...given, leaseMs: given.leaseMs ?? LEASE_MS, seals: new Seals(runtime, catalogueId) }
  let catalogue: OpenCatalogue | undefined
  // Listens first, since replicas ask for the id of the catalogue that looks into them (R5).
  const server = await runtime.network.serve(
    options.port,
    servicesFromTheStart(catalogueId, () => catalogue),
  )
  const opening = await options.store.open()
  const started =
    opening.kind === 'read-only'
      ? await readOnlyCatalogue(runtime, options, opening)
      : await writingCatalogue(runtime, options, opening, closing.signal)
  catalogue = started
  runtime.log.info({ port: server.port, ...started.summary }, 'catalogue listens')
  await started.open()
  return {
    close: async (graceMs) => {
      await server.close(graceMs)
      closing.abort()
      await started.close()
    },
  }
}

/** Makes the parts of a catalogue that decides, and puts them together. */
async function writingCatalogue(
  runtime: Runtime,
  options: CatalogueOptions & { readonly leaseMs: number; readonly seals: Seals },
  opening: WritableOpening,
  closing: AbortSignal,
): Promise<StartedCatalogue> {
  const { clock, log } = runtime
  const opened = await openLedger(runtime, options, opening, closing)
  const ledger = haltingLedger(opened.ledger, (reason) => runtime.halt(reason))
  const { length, publishedAtLeast, genesis } = ledger.head()
  const pending = await entriesBetween(ledger, publishedAtLeast, length)
  const publication = new Publication(await ledger.stocks(), length, pending)
  const membership = new Membership(runtime, ledger, options, closing)
  await membership.load(opened, { areAllNamed: options.replicas.length > 0 })
  const retention = new Retention(clock, await ledger.newestRejectionMs())

  const readiness = new Readiness(membership, publication)
  const sessions = new Sessions(clock, options.leaseMs, genesis.clusterId)
  const stocks = new ShownStocks(publication, { forCaches: true })
  const leaders = new Leaders()
  const decisions = new Decisions(ledger, clock, retention, (group, callers) => {
    publication.addDecided(group.entries)
    leaders.carry(group, callers)
  })
  const judge = new LeaderJudge(ledger, membership)
  const world = { clock, log, ledger, publication, membership, retention, readiness, sessions, stocks, leaders, decisions, judge }
  const leading = new Leading(world)
  const frontEnds = new FrontEnds(world)
  const upkeep = new Upkeep(runtime, world)

  return {
    head: () => ledger.head(),
    calls: new SingleCalls(runtime, world),
    lead: (stream) => leading.open(stream),
    session: (stream) => frontEnds.open(stream),
    summary: { generation: ledger.head().generation, length, unpublished: pending.length },
    /** Waits until nobody serves from a session of an earlier run, then opens for trade. */
    open: async () => {
      const { addresses } = membership
      await sleep(clock, options.leaseMs, closing)
      // Without any replica nobody else can publish the entries that an earlier run left.
      if (addresses.size === 0) publication.publish(ledger.head().length)
      readiness.open()
      log.info({ replicas: Object.fromEntries(addresses) }, 'open for trade')
      upkeep.start()
    },
    close: async () => {
      upkeep.close()
      await ledger.flushPublished()
      await ledger.close()
    },
  }
}
