import type { StreamMethod } from '../src/wire/network.ts'
import type { CatalogueStatus, ReplicaStatus } from '../src/wire/messages.ts'
import type { Cluster, ClusterSettings, SimReplica } from './cluster.ts'
import type { SimNetwork } from './network.ts'

/** Callbacks that an idle process may wait for. Among them are the ends of calls that went over a forgotten connection. */
const TIMERS_MAX = 8

/** A lease of this length lasts from one renewal to the next. Three renewals fit into it. */
const LEASE_THAT_LASTS_MS = 350

/** Checks of a healthy cluster that has nothing to do. */
export class SettledChecks {
  readonly #cluster: Cluster
  readonly #network: SimNetwork
  readonly #settings: ClusterSettings

  constructor(cluster: Cluster, network: SimNetwork, settings: ClusterSettings) {
    this.#cluster = cluster
    this.#network = network
    this.#settings = settings
  }

  /** 13. Says why the cluster is not whole: one leader that all follow, and all copies the same. Undefined when it is whole. */
  async unsettled(): Promise<string | undefined> {
    const { catalogue, frontEnds, remaining } = this.#cluster
    // A front end that nobody asks lets its lease lapse.
    for (const { process, core } of frontEnds) process.life?.enter(() => void core?.stocks.cached('no such stock'))
    const { state, sessions } = ((await this.#network.inspect(catalogue.address, 'Catalog.Status')) ?? {
      state: 'away',
      sessions: [],
    }) as CatalogueStatus
    if (state !== 'open') return `the catalogue is ${state}`
    if (!this.#cluster.inSync()) return 'the copies are not the same'
    const statuses = await Promise.all(remaining.map((replica) => this.#statusOf(replica)))
    if (statuses.includes(undefined)) return 'a replica does not answer'
    const replicas = statuses.filter((status) => status !== undefined)
    const leaders = replicas.filter(({ role }) => role.startsWith('leader'))
    const [leader] = leaders
    if (!leader || leaders.length > 1 || leader.role !== 'leader') return `leaders: ${leaders.map(words).join(', ') || 'none'}`
    for (const follower of replicas) {
      if (follower === leader) continue
      const view = leader.followers.find(({ address }) => address === follower.address)
      if (view?.state !== 'in-sync') return `${words(leader)} has ${follower.address} as ${view?.state ?? 'no follower'}`
      if (follower.role !== 'follower' || follower.leader !== String(leader.replicaId))
        return `${words(follower)} does not follow ${words(leader)}`
    }
    const strays = frontEnds.filter(({ core }) => core?.leaderAddress() !== leader.address)
    const { frontEndsCache, leaseMs } = this.#settings
    // A short lease lapses before each renewal.
    const caching = frontEndsCache && leaseMs >= LEASE_THAT_LASTS_MS ? frontEnds.length : 0
    if (sessions.length < caching) return `${sessions.length} of ${caching} front ends have a session`
    if (strays.length > 0) return `${strays.map(({ process }) => process.name).join(', ')} do not use ${words(leader)}`
    return undefined
  }

  /** 14. Says what idle processes hold beyond their bounds. Undefined when they hold nothing beyond them. */
  async unbounded(): Promise<string | undefined> {
    const { processes, frontEnds, catalogue } = this.#cluster
    for (const { name, life } of processes) {
      if (life && life.timers > TIMERS_MAX) return `${name} waits for ${life.timers} timers`
    }
    for (const { process, core } of frontEnds) {
      if (core && core.orders.waiting > 0) return `${process.name} has ${core.orders.waiting} orders waiting`
      if (core && core.cache.size > this.#settings.cacheStocksMax) return `${process.name} caches ${core.cache.size} stocks`
    }
    const open = this.#network.streams.countOpen(processes)
    for (const [method, most] of this.#streamsMost()) {
      if ((open.get(method) ?? 0) > most) return `${open.get(method)} streams of ${method} are open, ${most} are needed`
    }
    const { sessions } = (await this.#network.inspect(catalogue.address, 'Catalog.Status')) as CatalogueStatus
    return sessions.length > frontEnds.length ? `the catalogue has ${sessions.length} live sessions` : undefined
  }

  /** Returns how many streams of each kind are needed. Streams to a replica that was given up may be tried, but never open. */
  #streamsMost(): [StreamMethod, number][] {
    const { frontEnds, remaining } = this.#cluster
    return [
      ['Order.Route', frontEnds.length * remaining.length],
      ['Order.Replicate', remaining.length - 1],
      ['Catalog.Lead', 1],
      ['Catalog.Session', frontEnds.length],
    ]
  }

  async #statusOf({ process }: SimReplica): Promise<ReplicaStatus | undefined> {
    return (await this.#network.inspect(process.address, 'Order.Status')) as ReplicaStatus | undefined
  }
}

const words = ({ replicaId, role, epoch }: ReplicaStatus): string => `replica ${replicaId} (${role}, epoch ${epoch})`
