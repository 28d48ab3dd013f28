import { LIMITS } from '../domain/limits.ts'
import { sleep } from '../runtime/clock.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { KnownReplica, Ledger } from '../storage/ledger.ts'
import { showsLoss, type Opened } from './recovery.ts'
import { SEAL_RETRY_MS, type Seals } from './seals.ts'

/** Front ends of our own name all replicas within this time. Without such a front end, a replica that leads is enough. */
const NAMING_GRACE_MS = 3_000
/** Addresses that one run remembers. There is room for replicas that move while a catalogue runs. */
const ADDRESSES_MAX = 4 * LIMITS.replicasMax
/** How often an address is tried again at which another program answers. */
const OTHER_PROGRAM_MS = 2_000

export interface MembershipOptions {
  readonly seals: Seals
  /** Replicas that the operator named. */
  readonly replicas: readonly KnownReplica[]
  /** Ids of replicas that are given up for good. They are not looked into. */
  readonly lost: readonly number[]
  /** The operator says that there are no replicas. Then an empty catalogue may begin a history on its own. */
  readonly alone: boolean
}

/**
 * The replicas that this catalogue has met. When somebody names a new one, the catalogue looks into it, since it may hold
 * entries that this ledger has lost.
 *
 * C3. An empty catalogue decides and shows nothing before it has met a replica, and looked into every one that was named
 *     to it. It recovers only from all of them: a front end knows them all, a leader only itself.
 * C4. A replica that could not be reached is looked into as soon as it can be, and tried once more before a leader is
 *     taken: the ledger may be an old copy, and a leader that was away as long cannot tell.
 * C6. An address at which a replica of another catalogue answers (R5) is forgotten. But if somebody names it and no other
 *     address is known for that id, it is waited for like one that cannot be reached, and the refusal says so. A second
 *     address for an id may be wrong. It counts once the replica there has let the catalogue look into it.
 * C8. A program of another make holds nothing that was lost, so its address is not waited for. The exception is a recovery
 *     from a replica that holds orders. It needs the operator's word (`--lost`), since a replica may have been there before.
 */
export class Membership {
  readonly #runtime: Runtime
  readonly #ledger: Ledger
  readonly #options: MembershipOptions
  readonly #closing: AbortSignal
  /** Address of every replica that was met, by id. */
  readonly #addresses = new Map<number, string>()
  /** Resolves when somebody who knows them has named all replicas, and they are remembered. */
  readonly #allNamed = Promise.withResolvers<void>()
  #areAllNamed = false
  readonly #openedAt: number
  /** Replicas that nobody has looked into yet, by address. */
  readonly #unread = new Map<string, KnownReplica>()
  /** Addresses of those that could not be reached, with the reason. */
  readonly #unreachable = new Map<string, string>()
  /** Addresses that the operator, a front end or the replica itself has named since the start. */
  readonly #named = new Set<string>()
  /** Addresses where a program of another make answered (C8). */
  readonly #otherPrograms = new Set<string>()
  /** Why this process is about to end, or undefined. */
  #behind: string | undefined

  constructor(runtime: Runtime, ledger: Ledger, options: MembershipOptions, closing: AbortSignal) {
    this.#runtime = runtime
    this.#ledger = ledger
    this.#options = options
    this.#closing = closing
    this.#openedAt = runtime.clock.monotonicMs()
  }

  /** Remembers the replicas that the operator names as well, and begins to look into those that are not read yet. */
  async load({ replicas, unread }: Pick<Opened, 'replicas' | 'unread'>, { areAllNamed }: { areAllNamed: boolean }): Promise<void> {
    for (const { replicaId, address } of await this.#ledger.knownReplicas()) this.#addresses.set(replicaId, address)
    for (const replica of replicas) if (!this.#isKnown(replica)) await this.#remember(replica)
    if (areAllNamed) this.#tellAllNamed()
    for (const { address } of this.#options.replicas) this.#named.add(address)
    for (const { address } of unread) this.#unreachable.set(address, 'not reached at the start')
    this.#lookInto(unread)
  }

  get addresses(): ReadonlyMap<number, string> {
    return this.#addresses
  }

  /** Why nothing may be decided or shown yet, or undefined. */
  get refusal(): string | undefined {
    if (this.#behind !== undefined) return this.#behind
    const awaited = [...this.#unread.keys()].filter((address) => !this.#mayDoWithout(address))
    if (awaited.length > 0)
      return `the catalogue has not looked into these replicas yet: ${awaited.map((address) => this.#described(address)).join(', ')}`
    if (this.#areAllNamed || this.#options.alone || this.#ledger.head().length > 0) return undefined
    if (this.#addresses.size === 0) {
      return 'the catalogue is empty and has met no replica: start the replicas and a front end, or the catalogue with --alone'
    }
    const isGraceOver = this.#runtime.clock.monotonicMs() > this.#openedAt + NAMING_GRACE_MS
    return isGraceOver ? undefined : 'the catalogue is empty and waits for a front end to name all replicas'
  }

  /** A replica names itself. */
  introduce(replica: KnownReplica): void {
    if (!this.#hasRoomFor([replica])) return
    this.#named.add(replica.address)
    if (!this.#isKnown(replica)) this.#lookInto([replica])
  }

  /** A front end names all replicas. They are remembered in one write, so that the next run does not take a few of them for all. */
  introduceAll(replicas: readonly KnownReplica[]): void {
    if (replicas.length === 0 || !this.#hasRoomFor(replicas)) return
    for (const { address } of replicas) this.#named.add(address)
    const strange = replicas.filter((replica) => !this.#isKnown(replica))
    const believed = replicas.filter((replica) => !this.#isElsewhere(replica)) // C6
    const remembered = strange.length > 0 || this.#unread.size > 0 ? this.#ledger.rememberReplica(...believed) : Promise.resolve()
    remembered.then(
      () => this.#tellAllNamed(),
      (error: Error) => this.#runtime.halt(error),
    )
    this.#lookInto(strange)
  }

  /** C4. Tries once more to reach the replicas that could not be reached. Returns why nothing may be decided, or undefined. */
  async lookAgain(): Promise<string | undefined> {
    await Promise.all([...this.#unread.values()].map((replica) => this.#look(replica)))
    return this.refusal
  }

  /** Ends this process, so that its next run recovers from this replica's log. */
  async startOver(replica: KnownReplica, why: string): Promise<void> {
    this.#behind = why
    await this.#remember(replica)
    this.#runtime.halt(new Error(`${why}: starting over to recover`))
  }

  #tellAllNamed(): void {
    this.#areAllNamed = true
    this.#allNamed.resolve()
  }

  /** Says whether so many replicas may be remembered. A cluster has few. All that are remembered are tried for ever. */
  #hasRoomFor(replicas: readonly KnownReplica[]): boolean {
    const strange = replicas.filter((replica) => !this.#isKnown(replica))
    const ids = new Set([...this.#addresses.keys(), ...strange.map(({ replicaId }) => replicaId)])
    const addresses = new Set([...this.#named, ...this.#unread.keys(), ...strange.map(({ address }) => address)])
    if (strange.length === 0 || (ids.size <= LIMITS.replicasMax && addresses.size <= ADDRESSES_MAX)) return true
    this.#runtime.log.warn({ first: strange[0] }, 'more replicas are named than a cluster may have: they are not taken in')
    return false
  }

  #lookInto(replicas: readonly KnownReplica[]): void {
    const begun = replicas.filter(({ address }) => !this.#unread.has(address))
    for (const replica of begun) {
      if (!this.#isElsewhere(replica)) this.#addresses.set(replica.replicaId, replica.address)
      if (!this.#options.lost.includes(replica.replicaId)) this.#unread.set(replica.address, replica)
    }
    for (const replica of begun) void this.#lookUntilRead(replica).catch((error: Error) => this.#runtime.halt(error))
  }

  async #lookUntilRead(replica: KnownReplica): Promise<void> {
    if (!this.#unread.has(replica.address)) return this.#isElsewhere(replica) ? undefined : this.#remember(replica)
    while (!this.#closing.aborted) {
      await this.#look(replica)
      if (!this.#unread.has(replica.address)) return
      const isOther = this.#otherPrograms.has(replica.address)
      await sleep(this.#runtime.clock, isOther ? OTHER_PROGRAM_MS : SEAL_RETRY_MS, this.#closing)
    }
  }

  async #look(replica: KnownReplica): Promise<void> {
    const { replicaId, address } = replica
    const { generation, genesis } = this.#ledger.head()
    const answer = await this.#options.seals.seal(replica, generation, genesis)
    const isWanted = this.#named.has(address) && !this.#isElsewhere(replica)
    if (answer.kind === 'foreign' && !isWanted) return this.#forget(replica, answer.why) // C6
    if (answer.kind !== 'sealed') {
      const isNew = answer.kind === 'foreign' && this.#unreachable.get(address) !== answer.why
      if (isNew) this.#runtime.log.warn({ ...replica, why: answer.why }, 'this replica was started for another catalogue')
      if (answer.kind === 'other-program') this.#meetOther(replica)
      return void this.#unreachable.set(address, answer.why)
    }
    const head = this.#ledger.head()
    if (showsLoss(answer.state, head)) {
      const why = `replica ${replicaId} holds ${answer.state.length} entries, the ledger ${head.length}`
      if (head.length === 0) this.#runtime.log.warn({ address }, `${why}: waiting until a front end names all replicas`)
      if (head.length === 0) await this.#allNamed.promise
      return this.startOver(replica, why)
    }
    await this.#remember(replica)
    this.#unread.delete(address)
    this.#otherPrograms.delete(address)
  }

  #meetOther(replica: KnownReplica): void {
    if (this.#otherPrograms.has(replica.address)) return
    this.#otherPrograms.add(replica.address)
    this.#runtime.log.info(replica, 'another program: single calls, no guarantee')
  }

  async #forget(replica: KnownReplica, why: string): Promise<void> {
    this.#runtime.log.warn({ ...replica, why }, 'a replica of another catalogue answers there: the address is forgotten')
    this.#unread.delete(replica.address)
    if (!this.#isKnown(replica)) return
    this.#addresses.delete(replica.replicaId)
    await this.#ledger.forgetReplica(replica)
  }

  #described(address: string): string {
    const why = this.#unreachable.get(address)
    return why === undefined ? address : `${address} (${why})`
  }

  /** Says whether nobody has to wait for this address. A ledger with orders tries a replica once (C3); see C8 as well. */
  #mayDoWithout(address: string): boolean {
    return this.#otherPrograms.has(address) || (this.#ledger.head().length > 0 && this.#unreachable.has(address))
  }

  #isKnown({ replicaId, address }: KnownReplica): boolean {
    return this.#addresses.get(replicaId) === address
  }

  /** Says whether this id is known at another address. */
  #isElsewhere({ replicaId, address }: KnownReplica): boolean {
    const known = this.#addresses.get(replicaId)
    return known !== undefined && known !== address
  }

  async #remember(replica: KnownReplica): Promise<void> {
    this.#addresses.set(replica.replicaId, replica.address)
    await this.#ledger.rememberReplica(replica)
  }
}
