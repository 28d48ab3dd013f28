import { LIMITS } from '../domain/limits.ts'
import { isSameSystem } from '../domain/system.ts'
import type { Timer } from '../runtime/clock.ts'
import type { FollowersAssigned, Ping, RouteHello } from '../wire/messages.ts'
import { NOT_LEADER } from '../wire/outcome-codes.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Belonging } from './belonging.ts'
import type { Copy } from './copy.ts'
import type { FollowerSide } from './follower.ts'
import { Leader } from './leader.ts'
import type { PendingOrder } from './pending-order.ts'
import type { Pushes } from './pushes.ts'

/** How long a replica whose log was refused does not stand for election. */
const UNFIT_MS = 3_000

export interface RoleOptions {
  /** gRPC port as the start arguments have it; 0: a free one. */
  readonly port: number
  readonly replicaId: number
  readonly catalogueAddress: string
  /** "host:port" under which the others reach this replica; without it, as the front end names it. */
  readonly advertisedAddress?: string
}

/** The parts of a replica that its role works with. */
interface RoleParts {
  readonly copy: Copy
  readonly belonging: Belonging
  readonly pushes: Pushes
  readonly follower: FollowerSide
  /** Why nothing can be written at the moment; undefined when something can be. */
  diskTrouble(): string | undefined
  /** Why this replica's log cannot be led from before the operator has chosen a history; undefined when it can be. */
  parted(): string | undefined
  /** The catalogue has refused this replica's log. */
  differs(): void
  /** This replica leads no more. */
  steppedDown(): void
  /** More is known to be published, or the leader works with a catalogue anew. */
  publishedGrew(): void
}

/** Decides whether this replica leads: front ends elect it, and it steps down for a newer leader or for trouble of its own. */
export class Role {
  readonly #runtime: Runtime
  readonly #options: RoleOptions
  readonly #parts: RoleParts
  #leader: Leader | undefined
  #address: string
  /** Why this replica's log cannot be led from at the moment. */
  #unfitness: string | undefined
  #unfitTimer: Timer | undefined

  constructor(runtime: Runtime, options: RoleOptions, parts: RoleParts) {
    this.#runtime = runtime
    this.#options = options
    this.#parts = parts
    this.#address = options.advertisedAddress ?? localAddress(options.port)
  }

  /** The leader that this replica is; undefined while it follows. */
  get leader(): Leader | undefined {
    return this.#leader
  }

  /** "host:port" under which the others reach this replica, as far as it knows. */
  get address(): string {
    return this.#address
  }

  /** The length of the log that is known here to be published. */
  get published(): number {
    return Math.max(this.#leader?.published ?? 0, this.#parts.follower.published)
  }

  /** Why this replica cannot lead at the moment; undefined when it can. */
  get trouble(): string | undefined {
    return this.#parts.diskTrouble() ?? this.#parts.parted() ?? this.#unfitness
  }

  /** The cluster that the log belongs to; undefined while it is empty: then it may still become another one's. */
  get clusterId(): string | undefined {
    const { length, genesis } = this.#parts.copy.head()
    return length > 0 ? genesis?.clusterId : undefined
  }

  /** This process listens on that port now. */
  listens(port: number): void {
    this.#address = this.#options.advertisedAddress ?? localAddress(port)
  }

  /** Has the leader place these orders; each is settled, at once where this replica does not lead. */
  place(orders: readonly PendingOrder[]): void {
    if (this.#leader) this.#leader.place(orders)
    else for (const order of orders) order.settle({ number: NOT_LEADER, replayed: false })
  }

  /** A front end has elected this replica. Rejects with an {@link RpcError} when it cannot lead, or is not meant. */
  async assigned({ followerOne, followerTwo, moreFollowers, epoch, clusterId }: FollowersAssigned): Promise<{ resultFollowers: number }> {
    if (clusterId !== '') await this.#requireOwn(clusterId)
    // Whoever asks may not have heard of it yet.
    const { trouble } = this
    if (trouble !== undefined) throw new RpcError('FAILED_PRECONDITION', `this replica cannot lead: ${trouble}`)
    const followers = [followerOne, followerTwo, ...moreFollowers].filter((address) => address !== '')
    // A front end of another make knows no epochs: its assignment is newer than what it found.
    const known = Math.max(this.#leader?.epoch ?? 0, this.#parts.follower.leader?.epoch ?? 0)
    const assigned = epoch > 0 ? epoch : Math.min(known + 1, LIMITS.epochMax)
    if (this.#leader) this.#leader.reassign(assigned, followers)
    else this.#lead(assigned, followers)
    this.#runtime.log.info({ epoch: assigned, followers }, 'elected')
    return { resultFollowers: 1 }
  }

  /**
   * R5: only our own front ends count. A front end says which leader it uses, and under which address it reaches this
   * replica. Of two leaders the one of the newer assignment stays, at equal epochs the one of the higher id.
   */
  told({ leaderEpoch: epoch, leaderId, ...system }: Ping, hello: RouteHello | undefined): void {
    const { advertisedAddress, replicaId, catalogueAddress } = this.#options
    const theirs = { ...system, clusterId: system.clusterId || undefined }
    if (!isSameSystem(theirs, { clusterId: this.#parts.copy.head().genesis?.clusterId, catalogueAddress })) return
    if (hello?.replicaId === replicaId && !advertisedAddress) this.#address = hello.replicaAddress
    const leader = this.#leader
    if (!leader || leaderId === replicaId) return
    const newer = epoch > leader.epoch || (epoch === leader.epoch && leaderId > replicaId)
    if (newer) this.#stepDown(`replica ${leaderId} leads under epoch ${epoch}`)
  }

  /** A replica whose disk is full neither leads nor follows, but lives on: what it holds can still be read. */
  diskChanged(trouble: string | undefined): void {
    const words = trouble === undefined ? 'the disk can be written to again' : 'the disk cannot be written to'
    this.#runtime.log.warn({ trouble: trouble ?? '' }, words)
    if (trouble !== undefined) this.#stepDown(trouble)
  }

  close(): void {
    this.#unfitTimer?.cancel()
    this.#stepDown('this process is stopping')
  }

  #lead(epoch: number, followers: readonly string[]): void {
    const { replicaId, catalogueAddress } = this.#options
    const unfit = (why: string) => this.#unfit(why)
    const publishedGrew = () => this.#parts.publishedGrew()
    const options = { replicaId, epoch, address: this.#address, catalogueAddress, followers, unfit, publishedGrew }
    this.#leader = new Leader(this.#runtime, options, this.#parts.copy, this.#parts.pushes)
    this.#leader.start()
  }

  /** R5. A front end of another system knows this address from an earlier time. */
  async #requireOwn(clusterId: string): Promise<void> {
    const own = this.clusterId
    if (own === undefined) return this.#parts.belonging.requireOwnHistory(clusterId, 0)
    if (own !== clusterId) throw new RpcError('FAILED_PRECONDITION', `this replica belongs to cluster ${own}, not to cluster ${clusterId}`)
  }

  /** A replica whose log the catalogue refuses makes room for another. It may be tried again later, unless it holds another history. */
  #unfit(why: string): void {
    this.#unfitness = why
    this.#stepDown(why)
    this.#parts.differs()
    this.#unfitTimer = this.#runtime.clock.after(UNFIT_MS, () => {
      this.#unfitness = undefined
    })
  }

  #stepDown(why: string): void {
    const leader = this.#leader
    if (!leader) return
    this.#leader = undefined
    leader.close(why)
    this.#parts.steppedDown()
  }
}

const localAddress = (port: number): string => `127.0.0.1:${port}`
