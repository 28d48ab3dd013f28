import type { CatalogueToLeader, LeaderToCatalogue, ReplicaStatus } from '../src/rpc/messages.ts'
import type { Cluster } from './cluster.ts'
import type { SimNetwork } from './network.ts'
import type { Life } from './process.ts'

/** The invariants about what is durable, looked at after every write that has become so. */
export class DurableChecks {
  readonly #cluster: Cluster
  readonly #violated: (what: string) => void
  /** Digest by "number:generation", of every entry that was ever durable anywhere. */
  readonly #digests = new Map<string, string>()
  /** The highest position that the catalogue has told to be published. */
  #published = 0

  constructor(cluster: Cluster, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#violated = violated
  }

  /** Looks at what processes tell each other. */
  watch(network: SimNetwork): void {
    network.onSend = (from, message) => {
      const { publish, published, decided, confirmed } = message as LeaderToCatalogue & CatalogueToLeader
      if (publish) this.#checkCopies(network, from, publish.position)
      if (published) this.#published = Math.max(this.#published, published.position)
      if (confirmed) this.#published = Math.max(this.#published, confirmed.published)
      if (decided) this.#published = Math.max(this.#published, decided.published)
    }
  }

  /** 7. Nothing unsynced or unpublished is ever shown. */
  shown(number: number): void {
    if (number >= this.#published) this.#violated(`7: order ${number} is shown, published is ${this.#published}`)
    const { ledger, ledgerTrusted, replicas } = this.#cluster
    if (ledger && ledgerTrusted && ledger.head().length <= number) this.#violated(`7: order ${number} is shown, not in the ledger`)
    if (!replicas.some(({ log }) => log.head().length > number)) this.#violated(`3: order ${number} is shown, no replica holds it`)
  }

  /** 3. Before a leader has an order published, it and its in-sync followers hold it on disk. */
  #checkCopies(network: SimNetwork, leader: Life, position: number): void {
    const own = this.#cluster.replicas.find(({ process }) => process === leader.process)
    if (own && own.log.head().length < position) this.#violated(`3: ${leader.process.name} publishes ${position} before it holds it`)
    void network.inspect(leader.process.address, 'Order.Status').then((status) => {
      for (const { address, state, length: told } of (status as ReplicaStatus | undefined)?.followers ?? []) {
        const follower = this.#cluster.replicas.find(({ process }) => process.address === address)
        if (state !== 'in-sync' || !follower?.process.life || follower.process.life.startedAt > this.#inSyncGraceFrom()) continue
        if (follower.log.head().length < position) {
          this.#violated(`3: ${leader.process.name} publishes ${position}, its in-sync ${follower.process.name} holds ${follower.log.head().length}, told ${told}`)
        }
      }
    })
  }

  /** A follower that has just started may have lost its disk, which its leader cannot know yet. */
  #inSyncGraceFrom(): number {
    return this.#cluster.catalogue.world.scheduler.nowMs - 1_000
  }

  afterWrite(process: string): void {
    const replica = this.#cluster.replicas.find((each) => each.process.name === process)
    if (replica) void this.#checkPrefix(replica.process.name, replica.log.head().length, replica.log.head().digest)
    void this.#checkDigest(process)
  }

  lengths(): string {
    const replicas = this.#cluster.replicas.map(({ id, log }) => `${id}: ${log.head().length}`)
    return `ledger ${this.#cluster.ledger?.head().length}, ${replicas.join(', ')}`
  }

  /** 1. Every replica's log is a prefix of the catalogue's. */
  async #checkPrefix(name: string, length: number, digest: string): Promise<void> {
    const { ledger, ledgerTrusted } = this.#cluster
    if (length === 0 || !ledger || !ledgerTrusted) return
    const truth = await ledger.digestAt(length)
    if (truth !== digest) this.#violated(`1: the log of ${name} (${length} entries) is no prefix of the ledger`)
  }

  /** 12. Equal number and generation mean equal digests. */
  async #checkDigest(process: string): Promise<void> {
    const { ledger, replicas } = this.#cluster
    const log = replicas.find((each) => each.process.name === process)?.log ?? ledger
    if (!log) return
    const { length, digest } = log.head()
    const [last] = length > 0 ? await log.entries(length - 1, 1) : []
    if (!last) return
    const key = `${last.number}:${last.generation}`
    const known = this.#digests.get(key)
    if (known !== undefined && known !== digest) this.#violated(`12: two digests for entry ${key}`)
    this.#digests.set(key, digest)
  }
}
