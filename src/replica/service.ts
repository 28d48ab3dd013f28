import { LIMITS } from '../domain/limits.ts'
import { isSameSystem } from '../domain/system.ts'
import type { Entry } from '../domain/order.ts'
import type { Timer } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import type { RpcServer, Services } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Service } from '../runtime/service.ts'
import type { Entries, FollowersAssigned, Ping, Pong, ReadRequest, ReplicaStatus, RouteHello } from '../wire/messages.ts'
import type { SealRequest, SealResult } from '../wire/messages.ts'
import { readEntries } from '../wire/log-pages.ts'
import { entriesInPieces, READ_PATIENCE_MS, tooManyReads } from '../wire/pieces.ts'
import { haltingOrderLog } from '../storage/halting.ts'
import type { OrderLog } from '../storage/order-log.ts'
import { Belonging } from './belonging.ts'
import { Copy } from './copy.ts'
import { FollowerSide } from './follower.ts'
import { routeFrontEnd, type OrderFound, type OrdersListed } from './front-ends.ts'
import { Leader } from './leader.ts'
import { Pushes } from './pushes.ts'
import { Rejoin } from './rejoin.ts'
import { SingleCalls } from './single-calls.ts'

/** How long a replica whose log was refused does not stand for election. */
const UNFIT_MS = 3_000
/** How often the disk is asked for its room. */
const DISK_CHECK_MS = 250

export interface OrderReplicaOptions {
  /** gRPC port; 0 chooses a free one. */
  readonly port: number
  readonly replicaId: number
  readonly log: OrderLog
  readonly catalogueAddress: string
  readonly frontEndAddress: string
  /** Whether it pushes invalidations while it leads. */
  readonly caching: boolean
  /** "host:port" under which the others reach this replica; without it, as the front end names it. */
  readonly advertisedAddress?: string
}

/** Starts an order replica. It follows until a front end elects it. */
export async function startOrderReplica(runtime: Runtime, options: OrderReplicaOptions): Promise<Service> {
  const log = haltingOrderLog(options.log, (reason) => runtime.halt(reason))
  const replica = new Replica(runtime, { ...options, log })
  const server = await runtime.network.serve(options.port, replica.services())
  replica.open(server)
  const { length, diskId } = options.log.head()
  runtime.log.info({ port: server.port, replica: options.replicaId, length, disk: diskId }, 'replica listens')
  return {
    close: async (graceMs) => {
      replica.stop()
      await server.close(graceMs)
      await options.log.close()
    },
  }
}

/** What a front end is told of an order: with a key as long as earlier versions took them a listing would not fit in a message. */
const withoutKey = (entry: Entry): Entry => ({ ...entry, key: '', fingerprint: '' })

type Role = { readonly kind: 'follower' } | { readonly kind: 'leader'; readonly leader: Leader }

class Replica {
  readonly #runtime: Runtime
  readonly #options: OrderReplicaOptions
  readonly #copy: Copy
  readonly #belonging: Belonging
  readonly #pushes: Pushes
  readonly #follower: FollowerSide
  readonly #singleCalls: SingleCalls
  /** Reads of many entries, one at a time. */
  readonly #reads: Gate
  #rejoin: Rejoin | undefined
  #role: Role = { kind: 'follower' }
  #address = ''
  /** Why this replica's log cannot be led from at the moment, or ''. */
  #unfitness = ''
  /** Why it takes no entries at the moment, or ''. */
  #diskTrouble = ''
  readonly #diskCheck: Timer

  constructor(runtime: Runtime, options: OrderReplicaOptions) {
    this.#runtime = runtime
    this.#options = options
    const { replicaId, log, caching, frontEndAddress } = options
    this.#copy = new Copy(log)
    this.#belonging = new Belonging(runtime.network, options.catalogueAddress)
    this.#reads = new Gate(runtime.clock, { placesMax: 1, waitingMax: LIMITS.waitingReadsMax })
    this.#pushes = new Pushes(runtime.clock, runtime.network, { caching, frontEndAddress })
    this.#singleCalls = new SingleCalls(runtime, {
      copy: this.#copy,
      catalogueAddress: options.catalogueAddress,
      leader: () => this.#leader,
      published: () => this.#published,
    })
    this.#follower = new FollowerSide({
      replicaId,
      clock: runtime.clock,
      log: runtime.log,
      copy: this.#copy,
      belonging: this.#belonging,
      trouble: () => this.#diskTrouble,
    })
    this.#diskTrouble = log.trouble() ?? ''
    this.#diskCheck = runtime.clock.every(DISK_CHECK_MS, () => this.#checkDisk())
  }

  open(server: RpcServer): void {
    this.#address = this.#options.advertisedAddress ?? `127.0.0.1:${server.port}`
    const options = {
      frontEndAddress: this.#options.frontEndAddress,
      catalogueAddress: this.#options.catalogueAddress,
      ownAddress: () => this.#address,
      leads: () => this.#role.kind === 'leader',
      // Without room it could not follow anybody.
      trouble: () => this.#diskTrouble,
      catchUp: () => this.#singleCalls.catchUp(),
    }
    this.#rejoin = new Rejoin(this.#runtime, options, this.#copy, this.#follower)
  }

  stop(): void {
    this.#diskCheck.cancel()
    this.#rejoin?.stop()
    this.#stepDown('this process is stopping')
  }

  services(): Services {
    return {
      unary: {
        'Order.Request': (request) => this.#singleCalls.request(request),
        'Order.Lookup': ({ orderNum }) => this.#singleCalls.lookup(orderNum),
        'Order.Propagate': (order) => this.#singleCalls.propagated(order),
        'Order.AssignFollowers': (assignment) => this.#assigned(assignment),
        'Order.Read': (request, asker) => this.#read(request, asker),
        'Order.Seal': (request) => this.#seal(request),
        'Order.Status': () => Promise.resolve(this.#status()),
      },
      serverStreams: { 'Order.Synchronize': (request, asker) => this.#singleCalls.synchronize(request, asker) },
      streams: {
        'Order.Route': (stream) =>
          routeFrontEnd(
            {
              clock: this.#runtime.clock,
              pushes: this.#pushes,
              leader: () => this.#leader,
              pong: (ping) => this.#pong(ping),
              told: (ping, hello) => this.#told(ping, hello),
              find: (number) => this.#find(number),
              list: (from, limit, asker) => this.#list(from, limit, asker),
            },
            stream,
          ),
        'Order.Replicate': (stream) => this.#follower.open(stream),
      },
    }
  }

  get #leader(): Leader | undefined {
    return this.#role.kind === 'leader' ? this.#role.leader : undefined
  }

  get #published(): number {
    return Math.max(this.#leader?.published ?? 0, this.#follower.published)
  }

  // ---- leading ---------------------------------------------------------------------------------------------------

  async #assigned({ followerOne, followerTwo, epoch, clusterId }: FollowersAssigned): Promise<{ resultFollowers: number }> {
    if (clusterId !== '') await this.#requireOwn(clusterId)
    // Whoever asks may not have heard of it yet.
    if (this.#trouble) throw new RpcError('FAILED_PRECONDITION', `this replica cannot lead: ${this.#trouble}`)
    const followers = [followerOne, followerTwo].filter((address) => address !== '')
    // A front end of another make knows no epochs: its assignment is newer than what it found.
    const known = Math.max(this.#leader?.epoch ?? 0, this.#follower.leader?.epoch ?? 0)
    const assigned = epoch > 0 ? epoch : Math.min(known + 1, LIMITS.epochMax)
    if (this.#leader) this.#leader.reassign(assigned, followers)
    else {
      const { replicaId, catalogueAddress } = this.#options
      const address = this.#address
      const unfit = (why: string) => this.#unfit(why)
      const options = { replicaId, epoch: assigned, address, catalogueAddress, followers, unfit }
      this.#role = { kind: 'leader', leader: new Leader(this.#runtime, options, this.#copy, this.#pushes) }
    }
    this.#runtime.log.info({ epoch: assigned, followers }, 'elected')
    return { resultFollowers: 1 }
  }

  /** R5. A front end of another system knows this address from an earlier time. */
  async #requireOwn(clusterId: string): Promise<void> {
    const own = this.#clusterId
    if (own === '') return this.#belonging.requireOwnHistory(clusterId, 0)
    if (own !== clusterId) throw new RpcError('FAILED_PRECONDITION', `this replica belongs to cluster ${own}, not to cluster ${clusterId}`)
  }

  /** The cluster that the log belongs to, '' while it is empty: then it may still become another one's. */
  get #clusterId(): string {
    const { length, genesis } = this.#copy.head()
    return length > 0 && genesis ? genesis.clusterId : ''
  }

  /** R5: only our own front ends count. Of two leaders the one of the newer assignment stays; at equal epochs the higher id. */
  #told({ leaderEpoch: epoch, leaderId, ...system }: Ping, hello: RouteHello | undefined): void {
    const { advertisedAddress, replicaId, catalogueAddress } = this.#options
    const told = { ...system, clusterId: system.clusterId || undefined }
    if (!isSameSystem(told, { clusterId: this.#copy.head().genesis?.clusterId, catalogueAddress })) return
    if (hello?.replicaId === replicaId && !advertisedAddress) this.#address = hello.replicaAddress
    const leader = this.#leader
    if (!leader || leaderId === replicaId) return
    const newer = epoch > leader.epoch || (epoch === leader.epoch && leaderId > replicaId)
    if (newer) this.#stepDown(`replica ${leaderId} leads under epoch ${epoch}`)
  }

  #stepDown(why: string): void {
    const leader = this.#leader
    this.#role = { kind: 'follower' }
    leader?.stop(why)
  }

  /** A replica whose log the catalogue refuses makes room for another, and may be tried again later. */
  #unfit(why: string): void {
    this.#unfitness = why
    this.#stepDown(why)
    this.#runtime.clock.after(UNFIT_MS, () => {
      this.#unfitness = ''
    })
  }

  /** A replica whose disk is full neither leads nor follows, but lives on: what it holds can still be read. */
  #checkDisk(): void {
    const before = this.#diskTrouble
    this.#diskTrouble = this.#options.log.trouble() ?? ''
    if (this.#diskTrouble === before) return
    this.#runtime.log.warn({ trouble: this.#diskTrouble }, this.#diskTrouble ? 'the disk cannot be written to' : 'the disk can be written to again')
    if (this.#diskTrouble) this.#stepDown(this.#diskTrouble)
  }

  /** Why this replica cannot lead at the moment, or ''. */
  get #trouble(): string {
    return this.#diskTrouble || this.#unfitness
  }

  #pong(ping: number): Pong {
    const epoch = this.#leader?.epoch ?? 0
    const trouble = this.#trouble
    const { length } = this.#copy.head()
    const role = this.#roleName()
    const { replicaId, catalogueAddress } = this.#options
    return { ping, replicaId, role, epoch, canLead: trouble === '', trouble, length, clusterId: this.#clusterId, catalogueAddress }
  }

  #roleName(): string {
    const leader = this.#leader
    if (leader) return leader.phase === 'serving' ? 'leader' : `leader, ${leader.phase}`
    return this.#rejoin?.role ?? 'follower, alone'
  }

  // ---- orders by number ------------------------------------------------------------------------------------------

  /** A hit below the published position never changes again; anything else is for the catalogue to confirm. */
  async #find(number: number): Promise<OrderFound> {
    const confirmed = await this.#confirm(number + 1)
    if (typeof confirmed !== 'number') return confirmed
    if (number < 0 || number >= confirmed) return { kind: 'not-found' }
    const entry = await this.#copy.log.entry(number)
    return entry ? { kind: 'found', entry: withoutKey(entry) } : { kind: 'unavailable' }
  }

  async #list(from: number, limit: number, asker: Asker): Promise<OrdersListed> {
    const confirmed = await this.#confirm(from + limit)
    if (typeof confirmed !== 'number') return confirmed
    const end = Math.min(confirmed, from + Math.min(limit, LIMITS.listingMax))
    const log = { entries: async (first: number, most: number) => (await this.#copy.log.entries(first, most)).map(withoutKey) }
    const read = () => entriesInPieces(this.#runtime.clock, log, from, Math.max(0, end - from), asker)
    const entries = await this.#reads.run(asker, READ_PATIENCE_MS, read)
    return entries && from + entries.length >= end ? { kind: 'found', entries } : { kind: 'unavailable' }
  }

  /** A published length: one known already if it covers `wanted`, else the one the catalogue confirms now. */
  async #confirm(wanted: number): Promise<number | { kind: 'not-leader' | 'unavailable' }> {
    const leader = this.#leader
    if (!leader) return { kind: 'not-leader' }
    if (wanted <= leader.published) return leader.published
    return (await leader.confirmPublished()) ?? { kind: 'unavailable' }
  }

  // ---- the log -----------------------------------------------------------------------------------------------------

  async #read(request: ReadRequest, asker: Asker): Promise<Entries> {
    const read = () => {
      const { length, sealedGeneration } = this.#copy.head()
      const head = { length, generation: sealedGeneration, recoveredGeneration: 0 }
      return readEntries(this.#runtime.clock, this.#copy.log, request, head, asker)
    }
    return (await this.#reads.run(asker, READ_PATIENCE_MS, read)) ?? tooManyReads()
  }

  /** A catalogue that has lost its ledger knows no genesis: then the one held here stands. */
  async #seal({ generation, genesis, catalogueId }: SealRequest): Promise<SealResult> {
    await this.#belonging.requireOwnCatalogue(catalogueId)
    const held = this.#copy.head()
    const history = genesis ?? held.genesis
    const isOurs = history && (held.length === 0 || held.genesis?.clusterId === history.clusterId)
    const head = isOurs ? await this.#copy.seal(generation, history) : held
    return {
      replicaId: this.#options.replicaId,
      clusterId: head.genesis?.clusterId ?? '',
      diskId: head.diskId,
      sealedGeneration: head.sealedGeneration,
      length: head.length,
      digest: head.digest,
      lastGeneration: head.lastGeneration,
      genesis: head.genesis ?? null,
    }
  }

  #status(): ReplicaStatus {
    const { genesis, diskId, sealedGeneration, length, digest } = this.#copy.head()
    const leader = this.#leader
    return {
      process: this.#runtime.usage(),
      replicaId: this.#options.replicaId,
      address: this.#address,
      role: this.#roleName(),
      epoch: leader?.epoch ?? 0,
      clusterId: genesis?.clusterId ?? '',
      diskId,
      sealedGeneration,
      length,
      digest,
      published: this.#published,
      followers: leader?.followers() ?? [],
      canLead: this.#trouble === '',
      trouble: this.#trouble,
      batches: this.#copy.batches,
      leader: String(leader ? this.#options.replicaId : this.#follower.isLed ? this.#follower.leader?.replicaId : ''),
      aloneMs: this.#rejoin?.solitude.ms ?? 0,
      aloneWhy: this.#rejoin?.solitude.why ?? '',
    }
  }
}
