import { LIMITS } from '../src/domain/limits.ts'
import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import type { MessageStream, Network, StreamMethod } from '../src/wire/network.ts'
import type { CatalogueStatus, LeadHello } from '../src/wire/messages.ts'
import type { Cluster } from './cluster.ts'
import type { World } from './world.ts'

const DEADLINE_MS = 1_000
/** How long a stream of extremes stays open, if nobody ends it. */
const STREAM_MS = 50
/** A text longer than a message may be in runs with short pages. */
const LONG = 'k'.repeat(70_000)
/** Numbers that the wire can carry and that no run of ours reaches. */
const EDGES = [2 ** 63, 2 ** 53, 2 ** 53 - 1, 2 ** 53 - 2, -(2 ** 63), -(2 ** 53) + 1, -2]

/** Sends messages that no process of ours sends: texts and lists of huge size, and numbers at the edges of their ranges. */
export class Extremes {
  readonly #world: World
  readonly #network: Network
  readonly #cluster: Cluster

  constructor(world: World, network: Network, cluster: Cluster) {
    this.#world = world
    this.#network = network
    this.#cluster = cluster
  }

  /** Makes one such call or stream. `replica` is the address of some replica. */
  send(replica: string): void {
    const { random, trace } = this.#world
    const say = random.pick([
      this.#longKey,
      this.#edge,
      this.#highestEpoch,
      this.#strangeReplicas,
      this.#beyondTheLedger,
      this.#strangeGeneration,
    ])
    trace(() => `FAULT a stranger tells ${replica} and the catalogue: ${say.name}`)
    void say.call(this, replica).catch(() => undefined)
  }

  async #longKey(replica: string): Promise<void> {
    const order = { stockName: OPENING_CATALOGUE[0]!.name, stockTradeQuantity: 1, tradeType: 'sell', key: LONG }
    const { address } = this.#cluster.catalogue
    await Promise.allSettled([
      this.#network.call(address, 'Catalog.Trade', order, DEADLINE_MS),
      this.#network.call(replica, 'Order.Request', order, DEADLINE_MS),
    ])
  }

  async #edge(replica: string): Promise<void> {
    const edge = this.#world.random.pick(EDGES)
    const assignment = { followerOne: '', followerTwo: '', epoch: edge, clusterId: '', moreFollowers: [] }
    await Promise.allSettled([
      this.#network.call(replica, 'Order.Seal', { generation: edge, catalogueId: '' }, DEADLINE_MS),
      this.#network.call(replica, 'Order.AssignFollowers', assignment, DEADLINE_MS),
      this.#network.call(replica, 'Order.Read', { from: edge, limit: edge }, DEADLINE_MS),
      this.#network.call(replica, 'Order.Lookup', { orderNum: edge }, DEADLINE_MS),
      this.#network.callStreaming(replica, 'Order.Synchronize', { orderNum: edge, synchronizedAdd: '', overReplicate: false }, DEADLINE_MS),
    ])
  }

  /** Elects a leader with the highest epoch that there is. Elections have to go on all the same. */
  async #highestEpoch(replica: string): Promise<void> {
    const assignment = { followerOne: '', followerTwo: '', epoch: LIMITS.epochMax, clusterId: '', moreFollowers: [] }
    await this.#network.call(replica, 'Order.AssignFollowers', assignment, DEADLINE_MS)
  }

  async #strangeReplicas(): Promise<void> {
    const { random } = this.#world
    const many = Array.from({ length: LIMITS.replicasMax + 1 }, (_, i) => `${100 + i}=nowhere:${1 + i}`)
    const replicas = random.pick([['x'], ['-1=nowhere:1'], [`${2 ** 60}=nowhere:1`], many])
    this.#talk(this.#cluster.catalogue.address, 'Catalog.Session', {
      hello: { frontEndId: 'stranger', address: 'nowhere:1', caching: false, replicas },
    })
  }

  async #catalogue(): Promise<CatalogueStatus> {
    return this.#network.call(this.#cluster.catalogue.address, 'Catalog.Status', {}, DEADLINE_MS)
  }

  /** Asks, in the name of a replica of this system, for a position beyond the ledger to be published. */
  async #beyondTheLedger(): Promise<void> {
    const { clusterId, generation, length, digest } = await this.#catalogue()
    const { id, process } = this.#world.random.pick(this.#cluster.remaining)
    const hello: LeadHello = {
      replicaId: id,
      address: process.address,
      clusterId,
      length,
      digest,
      sealedGeneration: generation,
      lastGeneration: 0,
    }
    const publish = { position: length + 1_000, unreachable: [] }
    this.#talk(this.#cluster.catalogue.address, 'Catalog.Lead', { hello }, { publish })
  }

  /** Tells a follower a generation as if the catalogue had been started very often. */
  async #strangeGeneration(replica: string): Promise<void> {
    const { clusterId } = await this.#catalogue()
    const genesis = { clusterId, stocks: OPENING_CATALOGUE }
    this.#talk(replica, 'Order.Replicate', { hello: { leaderId: 99, epoch: 1, generation: LIMITS.generationMax, genesis } })
  }

  #talk(address: string, method: StreamMethod, ...messages: readonly object[]): void {
    const stream = this.#network.openStream(address, method, { message: () => {}, closed: () => {} }) as MessageStream<object>
    for (const message of messages) stream.send(message)
    this.#world.scheduler.after(STREAM_MS, () => stream.close())
  }
}
