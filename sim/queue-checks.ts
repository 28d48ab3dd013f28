import { LIMITS } from '../src/domain/limits.ts'
import type { CatalogueToLeader, FrontEndToReplica, LeaderToCatalogue, ReplicaToFrontEnd } from '../src/wire/messages.ts'
import type { Cluster } from './cluster.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'
import type { StreamPair } from './stream-pair.ts'

/** Only listings that were asked for within this time count. The last try of an older one may have been given up. */
const LATELY_MS = 20
/** Within that time, the last try of each listing that is under way may end, and another listing begin. */
const LISTINGS_MAX = 2 * LIMITS.frontEndListingsMax

interface Listing {
  readonly stream: StreamPair
  readonly query: number
  readonly askedAt: number
}

/** 14. Every queue keeps its bound. This is checked with every message. In runs with short queues it says most. */
export class QueueChecks implements NetworkObserver {
  readonly #cluster: Cluster
  readonly #violated: (what: string) => void
  /** The number of orders that have arrived at a replica on each stream, and are not answered. */
  readonly #unanswered = new WeakMap<StreamPair, number>()
  /** The batch that is being decided, by stream of the leader. */
  readonly #inFlight = new WeakMap<StreamPair, number>()

  /** The questions of each front end that are not answered. */
  readonly #listings = new WeakMap<Life, readonly Listing[]>()

  constructor(cluster: Cluster, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#violated = violated
  }

  sent(from: Life, message: object, stream: StreamPair): void {
    const { query } = message as FrontEndToReplica
    if (query && query.limit > 0) this.#listed(from, stream, query.query)
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
    const { answer } = message as ReplicaToFrontEnd
    if (answer)
      this.#listings.set(
        to,
        this.#openListings(to).filter((one) => one.stream !== stream || one.query !== answer.query),
      )
    const { place } = message as FrontEndToReplica
    if (!place) return
    // Orders for which there was no room have been refused before the next ones come.
    const unanswered = this.#count(stream, 0)
    if (unanswered > LIMITS.leaderPendingOrdersMax) this.#violated(`14: ${to.process.name} has ${unanswered} orders unanswered`)
    this.#count(stream, place.requests.length)
  }

  /** No process of ours sends messages that others have to refuse, whatever strangers have told it. */
  refused(from: Life, wrong: string): void {
    if (this.#cluster.processes.includes(from.process)) this.#violated(`14: ${from.process.name} sends what cannot be: ${wrong}`)
  }

  #listed(from: Life, stream: StreamPair, query: number): void {
    const open = [...this.#openListings(from), { stream, query, askedAt: from.process.world.scheduler.nowMs }]
    this.#listings.set(from, open)
    if (open.length > LISTINGS_MAX) this.#violated(`14: ${from.process.name} has ${open.length} listings under way`)
  }

  #openListings(frontEnd: Life): readonly Listing[] {
    const since = frontEnd.process.world.scheduler.nowMs - LATELY_MS
    return (this.#listings.get(frontEnd) ?? []).filter(({ stream, askedAt }) => askedAt > since && stream.ends.every((end) => end.open))
  }

  #count(stream: StreamPair, more: number): number {
    const unanswered = (this.#unanswered.get(stream) ?? 0) + more
    this.#unanswered.set(stream, unanswered)
    return unanswered
  }
}
