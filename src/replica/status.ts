import type { ProcessRuntime } from '../runtime/runtime.ts'
import type { Pong, ReplicaStatus } from '../wire/messages.ts'
import type { Copy } from './copy.ts'
import type { FollowerSide } from './follower.ts'
import type { Rejoin } from './rejoin.ts'
import type { Role } from './role.ts'

/** Of what a replica tells its state. */
interface StatusParts {
  readonly runtime: ProcessRuntime
  readonly replicaId: number
  readonly catalogueAddress: string
  readonly copy: Copy
  readonly role: Role
  readonly follower: FollowerSide
  readonly rejoin: Rejoin
}

/** Tells the state of a replica: to front ends with every ping, and to all who ask for its status. */
export class Status {
  readonly #parts: StatusParts

  constructor(parts: StatusParts) {
    this.#parts = parts
  }

  /** Answers the ping of this number. */
  pong(ping: number): Pong {
    const { replicaId, catalogueAddress, copy, role } = this.#parts
    const { trouble, leader } = role
    const { length } = copy.head()
    const standing = { role: this.#roleName(), epoch: leader?.epoch ?? 0, canLead: trouble === undefined, trouble: trouble ?? '' }
    return { ping, replicaId, ...standing, length, clusterId: role.clusterId ?? '', catalogueAddress, tails: true }
  }

  /** Answers `Order.Status`. */
  report(): ReplicaStatus {
    const { runtime, replicaId, copy, role, follower, rejoin } = this.#parts
    const { genesis, diskId, sealedGeneration, length, digest } = copy.head()
    const { trouble, leader, address, published } = role
    const followed = follower.isLed ? follower.leader?.replicaId : undefined
    return {
      process: runtime.usage(),
      replicaId,
      address,
      role: this.#roleName(),
      epoch: leader?.epoch ?? 0,
      clusterId: genesis?.clusterId ?? '',
      diskId,
      sealedGeneration,
      length,
      digest,
      published,
      followers: leader?.followers() ?? [],
      canLead: trouble === undefined,
      trouble: trouble ?? '',
      batches: copy.batches,
      leader: String(leader ? replicaId : (followed ?? '')),
      aloneMs: rejoin.solitude.ms,
      aloneWhy: rejoin.solitude.why ?? '',
    }
  }

  #roleName(): string {
    const { leader } = this.#parts.role
    if (!leader) return this.#parts.rejoin.role
    return leader.phase === 'serving' ? 'leader' : `leader, ${leader.phase}`
  }
}
