import type { Entry } from '../domain/order.ts'
import { fromWireEntries } from '../wire/entries.ts'
import type { MessageStream, Network, StreamHandlers } from '../wire/network.ts'
import type { Append, FollowerState, FollowerToLeader, LeaderToFollower, ReplicateHello } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'

/** Entries for a follower as they travel: one such object may be sent to many, and is encoded once. */
export interface AppendMessage {
  readonly append: Append
}

/** The owner of a sender. Each message of the follower becomes one of these calls. Nothing is called once the owner has closed the sender. */
export interface ReplicateSenderOwner {
  /** The follower holds so much of the log on its disk. */
  holds(state: FollowerState): void
  /** The follower refuses this leader, or the stream is over. */
  gone(why: string): void
  /** A program answers there that does not know `Order.Replicate`. */
  isForeign(): void
}

/** The leader's end of one `Order.Replicate`: it sends entries, and hears what the follower holds. */
export class ReplicateSender {
  readonly #network: Network
  readonly #address: string
  readonly #owner: ReplicateSenderOwner
  #stream: MessageStream<LeaderToFollower> | undefined

  /** `address`: "host:port" of the follower. */
  constructor(network: Network, address: string, owner: ReplicateSenderOwner) {
    this.#network = network
    this.#address = address
    this.#owner = owner
  }

  /** Connects and says hello. That it cannot be done is told by `gone`. */
  start(hello: ReplicateHello): void {
    this.#stream = this.#network.openStream(this.#address, 'Order.Replicate', {
      message: ({ state, refused }) => {
        if (!this.#stream) return
        if (refused) this.#owner.gone(refused.why)
        else if (state) this.#owner.holds(state)
      },
      closed: ({ code, message }) => {
        if (!this.#stream) return
        this.#stream = undefined
        if (code === 'UNIMPLEMENTED') this.#owner.isForeign()
        else this.#owner.gone(message)
      },
    })
    this.#stream.send({ hello })
  }

  send(message: AppendMessage): void {
    this.#stream?.send(message)
  }

  /** Says that the follower's log differs. The follower ends the stream: a close from here could overtake the message. */
  fork(): void {
    this.#stream?.send({ forked: refusal('the logs differ', { differs: true }) })
  }

  close(): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.close()
  }
}

/** Entries from number `from` on as a leader offers them. Without entries it is a heartbeat, mostly without a digest. */
export interface Offer {
  readonly generation: number
  readonly from: number
  readonly entries: readonly Entry[]
  /** Of the log up to the last of these entries; undefined: nothing is said of what the follower holds. */
  readonly digest: string | undefined
  /** The length of the log that is published. */
  readonly published: number
  /** The leader is at rest: the next heartbeat comes late. */
  readonly resting: boolean
}

export const toWireAppend = (offer: Offer): AppendMessage => ({ append: { ...offer, digest: offer.digest ?? '' } })

/** Throws an {@link RpcError} when an entry is none. */
export const fromWireAppend = (append: Append): Offer => ({
  ...append,
  entries: fromWireEntries(append.entries),
  digest: append.digest === '' ? undefined : append.digest,
})

/** The owner of a receiver. Each message of a leader becomes one of these calls. */
export interface ReplicateReceiverOwner {
  greeted(leader: ReplicateReceiver, hello: ReplicateHello): void
  offered(leader: ReplicateReceiver, append: Append): void
  /** The leader has compared the two logs: they differ. The stream is closed then. */
  differs(): void
  /** The stream is over, whoever closed it. Nothing is told after that. */
  gone(leader: ReplicateReceiver): void
}

/** The follower's end of one `Order.Replicate`: it hears a leader's entries, and says what this replica holds. */
export class ReplicateReceiver {
  readonly #stream: MessageStream<FollowerToLeader>
  readonly #replicaId: number
  readonly #owner: ReplicateReceiverOwner
  #isClosed = false

  /** `replicaId`: of the replica that hears this. */
  constructor(stream: MessageStream<FollowerToLeader>, replicaId: number, owner: ReplicateReceiverOwner) {
    this.#stream = stream
    this.#replicaId = replicaId
    this.#owner = owner
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Returns what takes in the messages of the stream. */
  start(): StreamHandlers<LeaderToFollower> {
    return {
      message: ({ hello, append, forked }) => {
        if (forked) {
          this.#owner.differs()
          this.close()
        } else if (hello) this.#owner.greeted(this, hello)
        else if (append) this.#owner.offered(this, append)
      },
      closed: () => {
        this.#isClosed = true
        this.#owner.gone(this)
      },
    }
  }

  /** Says that this replica holds so much; `digest`: of the log up to there, undefined where the leader gave none. */
  hold(length: number, digest: string | undefined): void {
    this.#stream.send({ state: { replicaId: this.#replicaId, length, digest: digest ?? '' } })
  }

  /** Says why nothing is taken from this leader, and ends the stream. */
  refuse(why: string): void {
    this.#stream.send({ refused: refusal(why) })
    this.close()
  }

  close(): void {
    this.#stream.close()
  }
}
