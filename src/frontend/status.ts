import type { CatalogueStatusData, ReplicaStatusData, StatusData } from '../http/types.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Leadership } from './leadership.ts'
import type { Orders } from './orders.ts'
import type { ReplicaLink } from './replica-link.ts'
import type { CatalogueSession } from './session.ts'
import type { StockCache } from './stock-cache.ts'

const STATUS_DEADLINE_MS = 500

export interface StatusSources {
  readonly address: string
  readonly catalogueAddress: string
  readonly caching: boolean
  readonly cache: StockCache
  readonly session: CatalogueSession
  readonly orders: Orders
  readonly leadership: Leadership
}

/** Asks every process for its state; one that does not answer in time is told as unreachable. */
export async function gatherStatus(runtime: Runtime, sources: StatusSources): Promise<StatusData> {
  const catalogue = await catalogueStatus(runtime, sources.catalogueAddress)
  const length = catalogue.reachable ? catalogue.length : null
  const replicas = await Promise.all(sources.leadership.links.map((link) => replicaStatus(runtime, link, length)))
  return {
    leader: sources.leadership.leader?.address ?? null,
    frontEnd: frontEndStatus(runtime, sources),
    catalogue,
    replicas,
  }
}

function frontEndStatus(runtime: Runtime, { address, caching, cache, session, orders, leadership }: StatusSources) {
  const { hits, misses, evictions, invalidations } = cache
  return {
    name: 'frontend',
    address,
    reachable: true as const,
    ...runtime.usage(),
    caching,
    session: session.live,
    cache: { stocksMax: cache.stocksMax, stocks: cache.size, hits, misses, evictions, invalidations },
    ordersWaiting: orders.waiting,
    ordersAnswered: orders.answered,
    elections: leadership.elections,
    gone: leadership.links.filter((link) => link.goneMs > 0).map(goneLink),
  }
}

const goneLink = ({ id, address, goneMs, trouble }: ReplicaLink) => ({ name: `order-${id}`, address, forMs: goneMs, why: trouble })

async function catalogueStatus(runtime: Runtime, address: string): Promise<StatusData['catalogue']> {
  try {
    const { process, sessions, ...rest } = await runtime.network.call(address, 'Catalog.Status', {}, STATUS_DEADLINE_MS)
    const status: Omit<CatalogueStatusData, 'pid' | 'uptimeMs' | 'memoryBytes' | 'cpuMicroseconds'> = {
      name: 'catalogue',
      address,
      reachable: true,
      ...rest,
      sessions: sessions.map((session) => session.address),
    }
    return { ...status, ...process! }
  } catch (error) {
    return { name: 'catalogue', address, reachable: false, why: (error as Error).message }
  }
}

async function replicaStatus(runtime: Runtime, link: ReplicaLink, catalogueLength: number | null): Promise<StatusData['replicas'][number]> {
  const { id, address } = link
  const name = `order-${id}`
  try {
    const { process, ...rest } = await runtime.network.call(address, 'Order.Status', {}, STATUS_DEADLINE_MS)
    const { role, length, digest, published, sealedGeneration, canLead, trouble, batches, followers, aloneMs, aloneWhy } = rest
    const lag = catalogueLength === null ? null : Math.max(0, catalogueLength - length)
    const status: Omit<ReplicaStatusData, 'pid' | 'uptimeMs' | 'memoryBytes' | 'cpuMicroseconds'> = {
      ...{ name, id, address, reachable: true, role, length, digest, lag },
      ...{ published, sealedGeneration, canLead, trouble, batches, followers, aloneMs, aloneWhy },
    }
    return { ...status, ...process! }
  } catch (error) {
    return { name, id, address, reachable: false, why: (error as Error).message }
  }
}
