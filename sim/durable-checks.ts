import type { Cluster } from './cluster.ts'

/** The invariants about what is durable, looked at after every write that has become so. */
export class DurableChecks {
  readonly #cluster: Cluster
  readonly #violated: (what: string) => void
  /** Digest by "number:generation", of every entry that was ever durable anywhere. */
  readonly #digests = new Map<string, string>()

  constructor(cluster: Cluster, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#violated = violated
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
