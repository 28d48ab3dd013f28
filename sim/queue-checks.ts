import { LIMITS } from '../src/domain/limits.ts'
import type { CatalogueToLeader, FrontEndToReplica, LeaderToCatalogue, ReplicaToFrontEnd } from '../src/rpc/messages.ts'
import type { Cluster } from './cluster.ts'
import type { NetworkObserver } from './network.ts'
import type { Life } from './process.ts'
import type { StreamPair } from './streams.ts'

/** 14. Every queue has a bound: looked at with every message, most of all in runs whose queues are short. */
export class QueueChecks implements NetworkObserver {
  readonly #cluster: Cluster
  readonly #violated: (what: string) => void
  /** Orders that have arrived at a replica on this stream and are not answered. */
  readonly #unanswered = new WeakMap<StreamPair, number>()
  /** The batch that is being decided, by the leader's stream. */
  readonly #inFlight = new WeakMap<StreamPair, number>()

  constructor(cluster: Cluster, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#violated = violated
  }

  sent(from: Life, message: object, stream: StreamPair): void {
    const { trade } = message as LeaderToCatalogue
    const { result } = message as ReplicaToFrontEnd
    if (result) this.#count(stream, -result.outcomes.length)
    if (trade && trade.requests.length > LIMITS.tradeBatchMax) {
      this.#violated(`14: ${from.process.name} sends a batch of ${trade.requests.length} orders`)
    }
    if (trade && this.#inFlight.has(stream)) this.#violated(`14: ${from.process.name} has two batches on their way`)
    if (trade) this.#inFlight.set(stream, trade.batch)
    for (const { process, core } of this.#cluster.frontEnds) {
      const waiting = core?.orders.waiting ?? 0
      if (waiting > LIMITS.frontEndPendingOrdersMax) this.#violated(`14: ${process.name} has ${waiting} orders waiting`)
    }
  }

  delivered(to: Life, message: object, stream: StreamPair): void {
    const { decided } = message as CatalogueToLeader
    if (decided?.batch === this.#inFlight.get(stream)) this.#inFlight.delete(stream)
    const { place } = message as FrontEndToReplica
    if (!place) return
    // What there was no room for has been refused before the next ones come.
    const unanswered = this.#count(stream, 0)
    if (unanswered > LIMITS.leaderPendingOrdersMax) this.#violated(`14: ${to.process.name} has ${unanswered} orders unanswered`)
    this.#count(stream, place.requests.length)
  }

  /** Nobody of ours says what the others have to refuse, whatever strangers have told it. */
  refused(from: Life, wrong: string): void {
    if (this.#cluster.processes.includes(from.process)) this.#violated(`14: ${from.process.name} sends what cannot be: ${wrong}`)
  }

  #count(stream: StreamPair, more: number): number {
    const unanswered = (this.#unanswered.get(stream) ?? 0) + more
    this.#unanswered.set(stream, unanswered)
    return unanswered
  }
}
