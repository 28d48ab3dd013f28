import type { Runtime } from '../runtime/runtime.ts'
import type { KnownReplica, Ledger } from '../storage/ledger.ts'
import { isAhead, sealUntilReached } from './recovery.ts'

/** Front ends of our own name all replicas within this time; where there are none, a replica that leads has to do. */
const NAMING_GRACE_MS = 3_000

export interface MembershipOptions {
  /** Ids of replicas that are given up for good: nobody looks into them. */
  readonly lost: readonly number[]
  /** There are no replicas, says the operator: an empty catalogue may begin a history on its own. */
  readonly alone: boolean
}

/**
 * The replicas that this catalogue has met. Whoever names one that is new here has the catalogue look into it: it may
 * hold what this ledger has lost.
 *
 * C3. An empty catalogue decides and shows nothing before it has met a replica, and looked into every one that was named
 *     to it. It recovers only from all of them: a front end knows them all, a leader only itself.
 */
export class Membership {
  readonly #runtime: Runtime
  readonly #ledger: Ledger
  readonly #options: MembershipOptions
  readonly #closing: AbortSignal
  /** Address of every replica that was met, by id. */
  readonly #addresses = new Map<number, string>()
  /** Resolves when somebody who knows them has named all replicas, and they are remembered. */
  readonly #allNamed: Promise<void>
  #tellAllNamed: () => void = () => {}
  #areAllNamed = false
  readonly #openedAt: number
  /** Replicas that nobody has looked into yet. */
  readonly #unread = new Set<string>()

  constructor(runtime: Runtime, ledger: Ledger, options: MembershipOptions, closing: AbortSignal) {
    this.#runtime = runtime
    this.#ledger = ledger
    this.#options = options
    this.#closing = closing
    this.#openedAt = runtime.clock.monotonicMs()
    this.#allNamed = new Promise((resolve) => {
      this.#tellAllNamed = () => {
        this.#areAllNamed = true
        resolve()
      }
    })
  }

  /** Takes over what the ledger remembers and what the operator named; the recovery has looked into all of these. */
  async load(named: readonly KnownReplica[]): Promise<void> {
    for (const { replicaId, address } of await this.#ledger.knownReplicas()) this.#addresses.set(replicaId, address)
    for (const replica of named) if (!this.#isKnown(replica)) await this.#remember(replica)
    if (named.length > 0) this.#tellAllNamed()
  }

  get addresses(): ReadonlyMap<number, string> {
    return this.#addresses
  }

  /** Why nothing may be decided or shown yet, or undefined. */
  get refusal(): string | undefined {
    if (this.#unread.size > 0) return `the catalogue has not looked into these replicas yet: ${[...this.#unread].join(', ')}`
    if (this.#areAllNamed || this.#options.alone || this.#ledger.head().length > 0) return undefined
    if (this.#addresses.size === 0) {
      return 'the catalogue is empty and has met no replica: start the replicas and a front end, or the catalogue with --alone'
    }
    const isGraceOver = this.#runtime.clock.monotonicMs() > this.#openedAt + NAMING_GRACE_MS
    return isGraceOver ? undefined : 'the catalogue is empty and waits for a front end to name all replicas'
  }

  /** A replica names itself. */
  introduce(replica: KnownReplica): void {
    if (!this.#isKnown(replica)) this.#lookInto([replica])
  }

  /** A front end names all replicas. They are remembered in one write: the next life must not take a few of them for all. */
  introduceAll(replicas: readonly KnownReplica[]): void {
    if (replicas.length === 0) return
    const strange = replicas.filter((replica) => !this.#isKnown(replica))
    const remembered = strange.length > 0 || this.#unread.size > 0 ? this.#ledger.rememberReplica(...replicas) : Promise.resolve()
    remembered.then(this.#tellAllNamed, (error: Error) => this.#runtime.halt(error))
    this.#lookInto(strange)
  }

  #lookInto(replicas: readonly KnownReplica[]): void {
    for (const { replicaId, address } of replicas) {
      this.#addresses.set(replicaId, address)
      if (!this.#options.lost.includes(replicaId)) this.#unread.add(address)
    }
    for (const replica of replicas) void this.#look(replica).catch((error: Error) => this.#runtime.halt(error))
  }

  /** Ends this process so that its next life recovers from what this replica holds. */
  async startOver(replica: KnownReplica, why: string): Promise<void> {
    await this.#remember(replica)
    this.#runtime.halt(new Error(`${why}: starting over to recover`))
  }

  /** C3. A ledger with orders waits no longer than one try for a replica that cannot be reached. */
  async #look(replica: KnownReplica): Promise<void> {
    const { replicaId, address } = replica
    if (!this.#unread.has(address)) return this.#remember(replica)
    const head = this.#ledger.head()
    const missed = () => {
      if (head.length > 0) this.#unread.delete(address)
    }
    const state = await sealUntilReached(this.#runtime, replica, head, { signal: this.#closing, missed })
    if (state && (isAhead(state, head) || state.sealedGeneration > head.generation)) {
      const why = `replica ${replicaId} holds ${state.length} entries, the ledger ${head.length}`
      if (head.length === 0) this.#runtime.log.warn({ address }, `${why}: waiting until a front end names all replicas`)
      if (head.length === 0) await this.#allNamed
      return this.startOver(replica, why)
    }
    await this.#remember(replica)
    this.#unread.delete(address)
  }

  #isKnown({ replicaId, address }: KnownReplica): boolean {
    return this.#addresses.get(replicaId) === address
  }

  async #remember(replica: KnownReplica): Promise<void> {
    this.#addresses.set(replica.replicaId, replica.address)
    await this.#ledger.rememberReplica(replica)
  }
}
