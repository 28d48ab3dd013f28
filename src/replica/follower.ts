import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { MessageStream, StreamHandlers } from '../wire/network.ts'
import type { Append, FollowerToLeader, LeaderToFollower, ReplicateHello } from '../wire/messages.ts'
import type { Belonging } from './belonging.ts'
import type { Copy } from './copy.ts'
import { fromWireAppend, ReplicateReceiver, type ReplicateReceiverOwner } from './replicate-stream.ts'

/** When no leader has been heard for this long, one is looked for. */
const LEADER_SILENCE_MS = 1_000
/** The same for a leader that has said that it rests. */
const RESTING_LEADER_SILENCE_MS = 4_000

export interface FollowedLeader {
  readonly replicaId: number
  readonly epoch: number
}

/** Hears from a follower when a leader has to be looked for. */
export interface FollowerOwner {
  /** The last leader's stream is over. */
  leaderless(): void
  /** The log differs from a leader's. */
  differs(): void
  /** The log goes on where a leader's ends, and either may be right. Told once for each leader. */
  isLonger(): void
}

interface FollowerContext {
  readonly replicaId: number
  readonly clock: Clock
  readonly log: Logger
  readonly copy: Copy
  readonly belonging: Belonging
  /** Why nothing can be written at the moment; undefined when something can be. */
  trouble(): string | undefined
  readonly owner: FollowerOwner
}

/**
 * The follower's side: it takes entries from whoever leads, and says when they are on disk.
 *
 * R3. A follower says that it holds an entry only when the entry is on its disk. After its first answer it says so only of
 *     what this leader has sent, for its log may go on with entries that the leader does not know.
 * R6. A leader may know that more is published than its log holds yet. Of this log a follower takes for published only what
 *     was compared with the leader's, for it may go on with entries that were never published.
 */
export class FollowerSide implements ReplicateReceiverOwner {
  readonly #context: FollowerContext
  /** In the order in which they were last heard: the one that was heard last comes last. */
  readonly #leaders = new Map<ReplicateReceiver, FollowedLeader>()
  /** When a leader was last heard, by the time that this process was awake. */
  #heardAt = -Infinity
  /** By its last word the leader that was heard last rests. */
  #isResting = false
  #published = 0
  /** Leaders whose log was seen to end before this one does. */
  readonly #shorter = new WeakSet<ReplicateReceiver>()

  constructor(context: FollowerContext) {
    this.#context = context
  }

  /** The leader that is followed. Of several it is the one that was heard last: the machine of another may be gone. */
  get leader(): FollowedLeader | undefined {
    return [...this.#leaders.values()].at(-1)
  }

  get published(): number {
    return this.#published
  }

  /** True while some leader is heard. An open stream alone says nothing of its other end. */
  get isLed(): boolean {
    const patienceMs = this.#isResting ? RESTING_LEADER_SILENCE_MS : LEADER_SILENCE_MS
    return this.#leaders.size > 0 && this.#context.clock.awakeMs() - this.#heardAt <= patienceMs
  }

  /** True while some leader is heard that is at rest. */
  get isAtRest(): boolean {
    return this.#isResting && this.isLed
  }

  /** A leader has opened its stream. */
  open(stream: MessageStream<FollowerToLeader>): StreamHandlers<LeaderToFollower> {
    return new ReplicateReceiver(stream, this.#context.replicaId, this).start()
  }

  greeted(leader: ReplicateReceiver, hello: ReplicateHello): void {
    this.#greet(leader, hello).catch((error: Error) => this.#refuse(leader, error.message))
  }

  offered(leader: ReplicateReceiver, append: Append): void {
    this.#append(leader, append).catch((error: Error) => this.#refuse(leader, error.message))
  }

  differs(): void {
    this.#context.owner.differs()
  }

  gone(leader: ReplicateReceiver): void {
    // A leader that was refused was never followed, and its end is no news.
    if (this.#leaders.delete(leader) && this.#leaders.size === 0) this.#context.owner.leaderless()
  }

  async #greet(leader: ReplicateReceiver, hello: ReplicateHello): Promise<void> {
    const { copy, belonging, log, replicaId, trouble } = this.#context
    if (hello.leaderId === replicaId) return this.#refuse(leader, 'a replica does not follow itself')
    const why = trouble()
    if (why !== undefined) return this.#refuse(leader, why)
    if (hello.generation < copy.head().sealedGeneration) return this.#refuse(leader, 'the generation is over')
    if (!hello.genesis) return this.#refuse(leader, 'no genesis')
    // R5. A history and a generation that it knows came from its own catalogue: only others are asked for there. A log with
    // orders adopts no other history anyway.
    const held = copy.head()
    const isNews = hello.generation > held.sealedGeneration || (held.length === 0 && held.genesis?.clusterId !== hello.genesis.clusterId)
    if (isNews) await belonging.requireOwnHistory(hello.genesis.clusterId, hello.generation)
    await copy.seal(hello.generation, hello.genesis)
    if (leader.isClosed) return
    this.#hear(leader, { replicaId: hello.leaderId, epoch: hello.epoch }, false)
    log.info({ leader: hello.leaderId, epoch: hello.epoch, length: copy.head().length }, 'follows')
    const { length, digest } = copy.head()
    leader.hold(length, digest)
  }

  async #append(leader: ReplicateReceiver, append: Append): Promise<void> {
    this.#hear(leader, this.#leaders.get(leader), append.resting)
    const { generation, from, entries, digest, published } = fromWireAppend(append)
    const why = this.#context.trouble()
    if (why !== undefined) return this.#refuse(leader, why)
    const extension = await this.#context.copy.extend(generation, from, entries, digest)
    if (extension.kind === 'fork') this.#context.owner.differs()
    if (extension.kind !== 'held') return this.#refuse(leader, `${extension.kind} at ${from}, ${extension.head.length} held`)
    if (leader.isClosed) return // An earlier offer on this stream may have been refused.
    const end = from + entries.length
    this.#published = Math.max(this.#published, Math.min(published, end)) // R6
    leader.hold(end, digest) // R3
    if (extension.head.length === end || this.#shorter.has(leader)) return
    this.#shorter.add(leader)
    this.#context.owner.isLonger()
  }

  #hear(leader: ReplicateReceiver, followed: FollowedLeader | undefined, isResting: boolean): void {
    this.#heardAt = this.#context.clock.awakeMs()
    this.#isResting = isResting
    if (!followed) return
    this.#leaders.delete(leader)
    this.#leaders.set(leader, followed)
  }

  #refuse(leader: ReplicateReceiver, why: string): void {
    this.#context.log.warn({ why }, 'leader refused')
    leader.refuse(why)
  }
}
