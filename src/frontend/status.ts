import type { CatalogueStatusData, OtherProgramData, ReplicaStatusData, StatusData } from '../http/types.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Leadership } from './leadership.ts'
import type { Orders } from './orders.ts'
import { FOREIGN_WORDS, type ReplicaLink } from './replica-link.ts'
import type { CatalogueSession } from './session.ts'
import type { StockCache } from './stock-cache.ts'

const STATUS_DEADLINE_MS = 500

export interface StatusSources {
  /** "host:port" at which this front end is reached by HTTP; undefined before it has started. */
  readonly address: string | undefined
  readonly catalogueAddress: string
  readonly caching: boolean
  readonly cache: StockCache
  readonly session: CatalogueSession
  readonly orders: Orders
  readonly leadership: Leadership
}

/** Asks every process for its state. A process that does not answer in time is shown as unreachable. */
export async function gatherStatus(runtime: Runtime, sources: StatusSources): Promise<StatusData> {
  const catalogue = await catalogueStatus(runtime, sources.catalogueAddress)
  const length = catalogue.reachable ? catalogue.length : null
  const { links, leader } = sources.leadership
  const isOther = ({ isForeign, state }: ReplicaLink) => isForeign && state !== undefined
  const ours = links.filter((link) => !isOther(link))
  const otherPrograms = links.filter(isOther).map((link) => otherProgram(link, link === leader))
  const replicas = await Promise.all(ours.map((link) => replicaStatus(runtime, link, length)))
  return {
    leader: leader?.address ?? null,
    frontEnd: frontEndStatus(runtime, sources),
    catalogue,
    replicas,
    otherPrograms,
  }
}

function otherProgram({ id, address, state }: ReplicaLink, leads: boolean): OtherProgramData {
  const { canLead = false, trouble = '' } = state ?? {}
  return { name: `order-${id}`, id, address, reachable: true, role: leads ? 'leader' : 'replica', canLead, trouble, what: FOREIGN_WORDS }
}

function frontEndStatus(runtime: Runtime, { address = '', caching, cache, session, orders, leadership }: StatusSources) {
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
    const { role, length, digest, published, sealedGeneration, canLead, trouble, batches, followers, aloneMs, aloneWhy, epoch, leader } =
      rest
    const lag = catalogueLength === null ? null : Math.max(0, catalogueLength - length)
    const status: Omit<ReplicaStatusData, 'pid' | 'uptimeMs' | 'memoryBytes' | 'cpuMicroseconds'> = {
      ...{ name, id, address, reachable: true, role, epoch, leader, length, digest, lag },
      ...{ published, sealedGeneration, canLead, trouble, batches, followers, aloneMs, aloneWhy },
    }
    return { ...status, ...process! }
  } catch (error) {
    const { message: why } = error as Error
    const isOther = error instanceof RpcError && error.code === 'UNIMPLEMENTED'
    return { name, id, address, reachable: false, why: isOther ? `another program, which leaves pings unanswered (${link.trouble})` : why }
  }
}
