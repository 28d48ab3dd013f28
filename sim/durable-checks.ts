import type {
  CatalogueStatus,
  CatalogueToFrontEnd,
  CatalogueToLeader,
  LeaderToCatalogue,
  Published,
  ReplicaStatus,
  TradeResult,
} from '../src/wire/messages.ts'
import type { Ledger } from '../src/storage/ledger.ts'
import type { Cluster, PartedCopy, SimReplica } from './cluster.ts'
import type { SimNetwork } from './network.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'

/** How long a leader takes at most to notice that a follower has started anew. The follower may have lost its disk. */
const NOTICED_MS = 1_000

/** Checks the invariants about durable logs, after every write that has become durable and whenever a process tells of one. */
export class DurableChecks implements NetworkObserver {
  readonly #cluster: Cluster
  readonly #network: SimNetwork
  readonly #violated: (what: string) => void
  /** The digest of every entry that was ever durable anywhere, by "number:generation". */
  readonly #digests = new Map<string, string>()
  #published = 0
  #ledger: Ledger | undefined

  constructor(cluster: Cluster, network: SimNetwork, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#network = network
    this.#violated = violated
  }

  /** The highest position that the catalogue has called published. */
  get published(): number {
    return this.#published
  }

  sent(from: Life, message: object): void {
    const { publish, published, decided, confirmed, answer } = message as LeaderToCatalogue & CatalogueToLeader & CatalogueToFrontEnd
    // An answer about an order has no position.
    if (answer?.position !== undefined) this.#toldPublished(answer.position)
    if (publish) this.#checkCopies(from, publish.position)
    if (published) this.#toldPublished(published.position)
    if (confirmed) this.#toldPublished(confirmed.published)
    if (decided) this.#toldPublished(decided.published)
  }

  answered(_by: Life, _caller: Life, method: string, response: unknown): void {
    if (method === 'Catalog.Confirm') this.#toldPublished((response as Published).position)
    // While nobody leads, a front end asks the catalogue itself.
    else if (method === 'Catalog.Status') this.#toldPublished((response as CatalogueStatus).published)
    // A trade for which no leader has asked is published when it is answered.
    else if (method === 'Catalog.Trade') this.#toldPublished((response as TradeResult).orderNum + 1)
  }

  #toldPublished(position: number): void {
    if (position <= this.#published) return
    this.#published = position
    const { ledger, ledgerTrusted } = this.#cluster
    if (ledger && ledgerTrusted && ledger.head().length < position) this.#violated(`7: ${position} is published, not in the ledger`)
  }

  /** 7. Nothing unsynced or unpublished is ever shown. `byReplica`: a replica told of the order, so it has to hold it. */
  shown(number: number, byReplica: boolean): void {
    if (number >= this.#published) this.#violated(`7: order ${number} is shown, published is ${this.#published}`)
    const { ledger, ledgerTrusted, replicas } = this.#cluster
    if (ledger && ledgerTrusted && ledger.head().length <= number) this.#violated(`7: order ${number} is shown, not in the ledger`)
    const isHeld = replicas.some(({ log }) => log.head().length > number) || this.#cluster.lostLately(number)
    if (byReplica && !isHeld) this.#violated(`3: order ${number} is shown, no replica holds it`)
  }

  /** Says whether every order that anybody was told of is in one of these logs. */
  holdsAllShown(replicas: readonly SimReplica[]): boolean {
    return replicas.some(({ log, disk }) => !disk.flipped && log.head().length >= this.#published)
  }

  /** 3. Before a leader has an order published, it and its in-sync followers hold it on disk. */
  #checkCopies(leader: Life, position: number): void {
    const own = this.#cluster.replicas.find(({ process }) => process === leader.process)
    if (own && own.log.head().length < position) this.#violated(`3: ${leader.process.name} publishes ${position} before it holds it`)
    void this.#network.inspect(leader.process.address, 'Order.Status').then((status) => {
      for (const { address, state, length: told } of (status as ReplicaStatus | undefined)?.followers ?? []) {
        const follower = this.#cluster.replicas.find(({ process }) => process.address === address)
        if (state !== 'in-sync' || !follower?.process.life || leader.ranSince(follower.process.life.startedAt) < NOTICED_MS) continue
        if (follower.log.head().length < position) {
          this.#violated(
            `3: ${leader.process.name} publishes ${position}, its in-sync ${follower.process.name} holds ${follower.log.head().length}, told ${told}`,
          )
        }
      }
    })
  }

  afterWrite(process: string): void {
    const replica = this.#cluster.replicas.find((each) => each.process.name === process)
    const { parted } = this.#cluster
    if (parted) void this.#checkParted(parted)
    if (parted && parted.replica === replica) return
    if (replica) void this.#checkPrefix(replica)
    else if (this.#cluster.ledger !== this.#ledger) {
      // The ledger was opened anew, and may be another one. The log of each replica has to be a prefix of this one, too.
      this.#ledger = this.#cluster.ledger
      for (const each of this.#cluster.remaining) if (each !== parted?.replica) void this.#checkPrefix(each)
    }
    void this.#checkDigest(process)
  }

  lengths(): string {
    const replicas = this.#cluster.replicas.map(({ id, log }) => `${id}: ${log.head().length}`)
    return `ledger ${this.#cluster.ledger?.head().length}, ${replicas.join(', ')}`
  }

  /** 1. A replica's log is a prefix of the catalogue's, unless the replica was given up and has come back. */
  async #checkPrefix({ id, process, log }: SimReplica): Promise<void> {
    const { ledger, ledgerTrusted, overruled } = this.#cluster
    const { length, digest } = log.head()
    if (length === 0 || !ledger || !ledgerTrusted) return
    const isPrefix = (await ledger.digestAt(length)) === digest
    if (isPrefix) overruled.delete(id)
    else if (!overruled.has(id)) this.#violated(`1: the log of ${process.name} (${length} entries) is no prefix of the ledger`)
  }

  /** R4, C9. A copy that parted keeps its log, and no ledger is recovered in front of two histories. */
  async #checkParted({ replica, theirs, isLedgerLost }: PartedCopy): Promise<void> {
    if ((await replica.log.digestAt(theirs.length)) !== theirs.digest && this.#cluster.parted?.replica === replica) {
      this.#violated(`R4: ${replica.process.name} gives up orders of a copy that went on apart`)
    }
    const length = this.#cluster.ledger?.head().length ?? 0
    if (isLedgerLost && length > 0 && this.#cluster.parted)
      this.#violated(`C9: a ledger of ${length} orders is recovered in front of two histories`)
  }

  /** 12. Equal number and generation mean equal digests, within one history. A history that nobody else knows may be lost. */
  async #checkDigest(process: string): Promise<void> {
    const { ledger, replicas } = this.#cluster
    const log = replicas.find((each) => each.process.name === process)?.log ?? ledger
    if (!log) return
    const { genesis, length, digest } = log.head()
    const [last] = length > 0 ? await log.entries(length - 1, 1) : []
    if (!last) return
    const key = `${last.number}:${last.generation} of cluster ${genesis?.clusterId}`
    const known = this.#digests.get(key)
    if (known !== undefined && known !== digest) this.#violated(`12: two digests for entry ${key}`)
    this.#digests.set(key, digest)
  }
}
