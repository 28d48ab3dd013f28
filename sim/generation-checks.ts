import type { CatalogueToLeader, Entries, FollowerToLeader, LeaderToFollower } from '../src/wire/messages.ts'
import type { Cluster, SimReplica } from './cluster.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'
import type { StreamPair } from './stream-pair.ts'

/** The entries that one replica was offered, and how far its log was looked at. */
interface Offers {
  diskId: string
  checked: number
  /** The highest generation under which each entry was offered, by order number. */
  readonly generations: Map<number, number>
}

/** 10. No entry is appended, or said to be held, under a generation below the sealed one. */
export class GenerationChecks implements NetworkObserver {
  readonly #cluster: Cluster
  readonly #violated: (what: string) => void
  readonly #offers = new Map<SimReplica, Offers>()
  /** The generation of the entries that a stream carries. */
  readonly #heard = new WeakMap<StreamPair, number>()
  readonly #greeted = new WeakSet<StreamPair>()

  constructor(cluster: Cluster, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#violated = violated
  }

  delivered(to: Life, message: object, stream: StreamPair): void {
    const { welcome, decided, hello, append } = message as CatalogueToLeader & LeaderToFollower
    if (welcome) this.#hear(stream, welcome.generation)
    if (decided) this.#offer(to, this.#heard.get(stream) ?? 0, decided.entries)
    if (stream.method !== 'Order.Replicate') return
    if (hello) this.#hear(stream, hello.generation)
    if (!append) return
    this.#hear(stream, append.generation)
    this.#offer(to, append.generation, append.entries)
  }

  answered(_by: Life, caller: Life, method: string, response: unknown): void {
    if (method !== 'Catalog.Read') return
    const { generation, entries } = response as Entries
    this.#offer(caller, generation, entries)
  }

  /** The first state on a stream is a greeting. Each later one says what the follower holds. */
  sent(from: Life, message: object, stream: StreamPair): void {
    const { state } = message as FollowerToLeader
    if (!state || stream.method !== 'Order.Replicate') return
    const replica = this.#replicaOf(from)
    const sealed = replica?.log.head().sealedGeneration ?? 0
    const heard = this.#heard.get(stream) ?? 0
    if (this.#greeted.has(stream) && heard < sealed) {
      this.#violated(`10: ${from.process.name} confirms what it heard under generation ${heard}, sealed with ${sealed}`)
    }
    this.#greeted.add(stream)
  }

  afterWrite(process: string): void {
    const replica = this.#cluster.replicas.find((each) => each.process.name === process)
    // A copy that parted was offered its orders elsewhere.
    if (!replica || this.#cluster.parted?.replica === replica) return
    const { length, sealedGeneration, diskId } = replica.log.head()
    const offers = this.#offersTo(replica)
    if (offers.diskId !== diskId) Object.assign(offers, { diskId, checked: 0 })
    if (length < offers.checked) this.#checkArchive(replica, offers.checked)
    for (let number = offers.checked; number < length; number += 1) {
      const generation = offers.generations.get(number) ?? 0
      if (generation >= sealedGeneration) continue
      this.#violated(`10: ${process} appends ${number}, offered under generation ${generation}, sealed with ${sealedGeneration}`)
    }
    offers.checked = length
  }

  /** R4: entries that a log gives up are in its archive. */
  #checkArchive({ log, process }: SimReplica, before: number): void {
    const { length } = log.head()
    const tail = log.cutTails.at(-1) ?? []
    if (tail[0]?.number === length && tail.length === before - length) return
    this.#violated(`R4: ${process.name} gave up ${before - length} entries from ${length} on, and its archive has ${tail.length}`)
  }

  #hear(stream: StreamPair, generation: number): void {
    this.#heard.set(stream, Math.max(generation, this.#heard.get(stream) ?? 0))
  }

  #offer(to: Life, generation: number, entries: readonly { readonly number: number }[]): void {
    const replica = this.#replicaOf(to)
    if (!replica) return
    const { generations } = this.#offersTo(replica)
    for (const { number } of entries) generations.set(number, Math.max(generation, generations.get(number) ?? 0))
  }

  #replicaOf(life: Life): SimReplica | undefined {
    return this.#cluster.replicas.find(({ process }) => process === life.process)
  }

  #offersTo(replica: SimReplica): Offers {
    const known = this.#offers.get(replica)
    if (known) return known
    const offers: Offers = { diskId: '', checked: 0, generations: new Map() }
    this.#offers.set(replica, offers)
    return offers
  }
}
