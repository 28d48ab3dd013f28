import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { MessageStream, StreamHandlers } from '../wire/network.ts'
import { fromWireEntries } from '../wire/entries.ts'
import { refusal } from '../wire/refusal.ts'
import type { Append, FollowerToLeader, LeaderToFollower, ReplicateHello } from '../wire/messages.ts'
import type { Belonging } from './belonging.ts'
import type { Copy } from './copy.ts'

/** A leader that is not heard for this long is looked for anew. */
const SILENCE_MS = 1_000

export interface FollowedLeader {
  readonly replicaId: number
  readonly epoch: number
}

interface FollowerContext {
  readonly replicaId: number
  readonly clock: Clock
  readonly log: Logger
  readonly copy: Copy
  readonly belonging: Belonging
  /** Why nothing can be written at the moment, or ''. */
  trouble(): string
}

/**
 * The follower's side: takes entries from whoever leads and says when they are on disk.
 *
 * R3. A follower says that it holds an entry only when the entry is on its disk: once it has said hello, only of what this
 *     leader sent. Behind that its log may hold a tail of its own.
 */
export class FollowerSide {
  readonly #context: FollowerContext
  /** The one that was heard last comes last. */
  readonly #leaders = new Map<MessageStream<FollowerToLeader>, FollowedLeader>()
  /** When a leader was last heard, by the time that this process was awake. */
  #heardAt = -Infinity
  #published = 0
  #onSilence: () => void = () => {}
  #onFork: () => void = () => {}
  #onLonger: () => void = () => {}
  /** Leaders whose log was seen to end before this one does. */
  readonly #shorter = new WeakSet<MessageStream<FollowerToLeader>>()

  constructor(context: FollowerContext) {
    this.#context = context
  }

  /** The leader that is followed: of several the one that was heard last, since the machine of another may be gone. */
  get leader(): FollowedLeader | undefined {
    return [...this.#leaders.values()].at(-1)
  }

  get published(): number {
    return this.#published
  }

  /** Whether some leader is heard; an open stream alone says nothing of the other end. */
  get isLed(): boolean {
    return this.#leaders.size > 0 && this.#context.clock.awakeMs() - this.#heardAt <= SILENCE_MS
  }

  /** Calls back when the last leader's stream is gone. */
  onSilence(callback: () => void): void {
    this.#onSilence = callback
  }

  /** Calls back when this replica's log turns out to differ from a leader's. */
  onFork(callback: () => void): void {
    this.#onFork = callback
  }

  /** Calls back when this replica's log goes on where a leader's ends, once a leader: either may be right. */
  onLonger(callback: () => void): void {
    this.#onLonger = callback
  }

  /** A leader has opened its stream. */
  open(stream: MessageStream<FollowerToLeader>): StreamHandlers<LeaderToFollower> {
    let isClosed = false
    return {
      message: ({ hello, append, forked }) => {
        if (forked) {
          this.#onFork()
          return stream.close()
        }
        const done = hello ? this.#greet(stream, hello, () => isClosed) : append ? this.#append(stream, append) : undefined
        done?.catch((error: Error) => this.#refuse(stream, error.message))
      },
      closed: () => {
        isClosed = true
        // A stream that was refused was never followed: it is no news that it is over.
        if (this.#leaders.delete(stream) && this.#leaders.size === 0) this.#onSilence()
      },
    }
  }

  async #greet(stream: MessageStream<FollowerToLeader>, hello: ReplicateHello, isClosed: () => boolean): Promise<void> {
    const { copy, belonging, log, replicaId, trouble } = this.#context
    if (hello.leaderId === replicaId) return this.#refuse(stream, 'a replica does not follow itself')
    if (trouble()) return this.#refuse(stream, trouble())
    if (hello.generation < copy.head().sealedGeneration) return this.#refuse(stream, 'the generation is over')
    if (!hello.genesis) return this.#refuse(stream, 'no genesis')
    // R5. What it knows already it has from its own catalogue, and a log with orders adopts no other history.
    const held = copy.head()
    const isNews = hello.generation > held.sealedGeneration || (held.length === 0 && held.genesis?.clusterId !== hello.genesis.clusterId)
    if (isNews) await belonging.requireOwnHistory(hello.genesis.clusterId, hello.generation)
    await copy.seal(hello.generation, hello.genesis)
    if (isClosed()) return
    this.#hear(stream, { replicaId: hello.leaderId, epoch: hello.epoch })
    log.info({ leader: hello.leaderId, epoch: hello.epoch, length: copy.head().length }, 'follows')
    const { length, digest } = copy.head()
    this.#tell(stream, length, digest)
  }

  async #append(stream: MessageStream<FollowerToLeader>, append: Append): Promise<void> {
    this.#hear(stream, this.#leaders.get(stream))
    const { generation, from, entries, digest, published } = append
    if (this.#context.trouble()) return this.#refuse(stream, this.#context.trouble())
    const extension = await this.#context.copy.extend(generation, from, fromWireEntries(entries), digest)
    if (extension.kind === 'fork') this.#onFork()
    if (extension.kind !== 'held') return this.#refuse(stream, `${extension.kind} at ${from}, ${extension.head.length} held`)
    this.#published = Math.max(this.#published, published)
    const end = from + entries.length
    this.#tell(stream, end, digest) // R3
    if (extension.head.length === end || this.#shorter.has(stream)) return
    this.#shorter.add(stream)
    this.#onLonger()
  }

  #hear(stream: MessageStream<FollowerToLeader>, leader: FollowedLeader | undefined): void {
    this.#heardAt = this.#context.clock.awakeMs()
    if (!leader) return
    this.#leaders.delete(stream)
    this.#leaders.set(stream, leader)
  }

  #tell(stream: MessageStream<FollowerToLeader>, length: number, digest: string): void {
    stream.send({ state: { replicaId: this.#context.replicaId, length, digest } })
  }

  #refuse(stream: MessageStream<FollowerToLeader>, why: string): void {
    this.#context.log.warn({ why }, 'leader refused')
    stream.send({ refused: refusal(why) })
    stream.close()
  }
}
