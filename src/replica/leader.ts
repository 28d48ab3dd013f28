import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import { nextTurn, sleep } from '../runtime/clock.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Decided, FollowerView, LeadWelcome, ReadRequest, Refusal } from '../wire/messages.ts'
import { fromWireEntries } from '../wire/entries.ts'
import { readPages } from '../wire/log-pages.ts'
import { OVERLOADED, positionToShow, UNKNOWN } from '../wire/outcome-codes.ts'
import type { Genesis } from '../storage/chain.ts'
import { entriesBetween } from '../storage/pages.ts'
import type { Copy } from './copy.ts'
import { Followers } from './followers.ts'
import { LeadStream, type LeadOwner } from './lead-stream.ts'
import type { PendingOrder } from './pending-order.ts'
import type { Pushes } from './pushes.ts'
import { PublishedLength } from './published-length.ts'
import { repair, type Kept } from './repair.ts'

const RECONNECT_MS = 50
/** One read of the gap. */
const GAP_READ_MS = 2_000

export interface LeaderOptions {
  readonly replicaId: number
  readonly epoch: number
  readonly address: string
  readonly catalogueAddress: string
  readonly followers: readonly string[]
  /** Called when the catalogue cannot work with this replica's log, so that another one has to lead. */
  unfit(why: string): void
  /** Called when more is known to be published. */
  publishedGrew(): void
}

/** How far a leader has come. Without the catalogue it can do nothing but wait for it. */
type Phase =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'closing-gap'; readonly catalogue: LeadStream; readonly until: number }
  | { readonly kind: 'serving'; readonly catalogue: LeadStream }

/**
 * The leader of one assignment. It has no say in what an order becomes. Before anybody hears what the catalogue has
 * decided, the leader sees to it that enough disks hold it and that no cache shows anything older.
 *
 * O1. An acknowledged order is on disk at the catalogue, here, and at every in-sync follower.
 * O2. It is published, so every lookup from then on shows it or something newer.
 * O3. Every request is settled once. One whose outcome is not known is settled as UNKNOWN, and its caller repeats it
 *     with the same key.
 */
export class Leader implements LeadOwner {
  readonly #runtime: Runtime
  readonly #options: LeaderOptions
  readonly #copy: Copy
  readonly #pushes: Pushes
  readonly #stopped = new AbortController()
  #phase: Phase = { kind: 'connecting' }
  /** The newest stream, from its opening on: whoever closes this leader has to close it, welcomed or not. */
  #catalogue: LeadStream | undefined
  #followers: Followers | undefined
  /**
   * Addresses of those that are to follow once this leader is welcome at the catalogue, each with what it was streamed. They
   * are added in the order in which they were named.
   */
  readonly #toFollow: Map<string, number | undefined>
  #epoch: number
  #genesis: Genesis | undefined
  /** Length of the log that the catalogue's stream has delivered. */
  #received = 0
  readonly #published: PublishedLength
  /** Stocks in entries that an earlier leader left unpublished: nobody may have pushed them. */
  #leftBehind: readonly string[] = []
  /** Settles when all that was decided earlier has its copies and pushes. So positions are published in order. */
  #earlier: Promise<void> = Promise.resolve()
  #waiting: PendingOrder[] = []
  /** The orders of the last batch, as long as it is on its way. */
  #inFlight: readonly PendingOrder[] = []
  #lastBatch = 0

  constructor(runtime: Runtime, options: LeaderOptions, copy: Copy, pushes: Pushes) {
    this.#runtime = runtime
    this.#options = options
    this.#epoch = options.epoch
    this.#toFollow = new Map(options.followers.map((address) => [address, undefined]))
    this.#copy = copy
    this.#pushes = pushes
    this.#published = new PublishedLength(() => options.publishedGrew())
  }

  /** Connects to the catalogue, again and again until this leader is closed. */
  start(): void {
    void this.#keepConnected()
  }

  get epoch(): number {
    return this.#epoch
  }
  get published(): number {
    return this.#published.ever
  }
  get phase(): Phase['kind'] {
    return this.#phase.kind
  }
  /** The length that is published under the catalogue's present generation; undefined while there is no connection to it. */
  get publishedNow(): PublishedLength['now'] | undefined {
    return this.#phase.kind === 'connecting' || this.#phase.catalogue.isOver ? undefined : this.#published.now
  }
  followers(): FollowerView[] {
    return this.#followers?.views() ?? []
  }

  /** `streamed`: see {@link Followers.add}. A leader that is still connecting takes it in once it has followers. */
  addFollower(address: string, streamed?: number): void {
    if (this.#followers) this.#followers.add(address, streamed)
    else if (this.#toFollow.size < LIMITS.replicasMax) this.#toFollow.set(address, streamed)
  }

  /** Whoever synchronizes is offered nothing while it is streamed what it lacks. Then it is added again. */
  holdBack(address: string): void {
    this.#followers?.holdBack(address)
  }

  /** It was elected again while it leads. It goes on under the new epoch, with the followers it has and those named. */
  reassign(epoch: number, followers: readonly string[]): void {
    this.#epoch = Math.max(this.#epoch, epoch)
    const known = new Set(this.followers().map((view) => view.address))
    for (const address of followers) if (!known.has(address)) this.addFollower(address)
  }

  /** Takes orders. Each is settled in time, at the latest when this leader is closed. */
  place(orders: readonly PendingOrder[]): void {
    const room = LIMITS.leaderPendingOrdersMax - this.#waiting.length - this.#inFlight.length
    orders.forEach((order, at) => {
      if (at < room) this.#waiting.push(order)
      else order.settle({ number: OVERLOADED, replayed: false })
    })
    this.#trade()
  }

  /**
   * The published length, as the catalogue confirms it now. An order that is not below it exists for nobody yet.
   * Undefined when the catalogue cannot be asked.
   */
  async confirmPublished(): Promise<number | undefined> {
    if (this.#phase.kind === 'connecting') return undefined
    return this.#phase.catalogue.confirm()
  }

  /** Ends with every order settled. */
  close(why: string): void {
    if (this.#stopped.signal.aborted) return
    this.#runtime.log.info({ epoch: this.#epoch, why }, 'leads no more')
    this.#stopped.abort()
    this.#catalogue?.close()
    this.#followers?.close()
    this.#lost()
  }

  // ---- the story of an order -------------------------------------------------------------------------------------

  /** decide: one batch is on its way while the next one gathers. Even a small batch costs much. */
  #trade(): void {
    if (this.#phase.kind !== 'serving' || this.#waiting.length === 0 || this.#inFlight.length > 0) return
    this.#inFlight = this.#waiting.splice(0, LIMITS.tradeBatchMax)
    this.#lastBatch += 1
    const requests = this.#inFlight.map((order) => order.request)
    this.#phase.catalogue.trade(this.#lastBatch, requests)
  }

  /** copy → push → publish → acknowledge: what the catalogue has decided and synced, in its order. */
  async #carry(catalogue: LeadStream, decided: Decided, entries: readonly Entry[]): Promise<void> {
    const from = this.#received
    const end = from + entries.length
    this.#received = end
    this.#published.raise(decided.published)
    const names = [...new Set([...this.#leftBehind, ...entries.map((entry) => entry.name)])]
    this.#leftBehind = []
    const copied = this.#copyEverywhere(from, entries, decided.digest)
    const pushed = this.#pushes.push(names, end - 1, decided.sessions)
    const ready = Promise.all([pushed, copied, this.#earlier]) // O1
    this.#earlier = ready.then(() => undefined)
    this.#earlier.catch(() => undefined) // It is told below. There may be no next batch that would meet it.
    const [unreachable] = await ready
    await catalogue.publish(end, unreachable) // O2
    this.#published.raise(end)
    this.#followers?.publishedGrew()
    this.#acknowledge(decided)
  }

  /** Waits for the followers without entries, too: what an earlier stream delivered may still be on its way to them. */
  async #copyEverywhere(from: number, entries: readonly Entry[], digest: string): Promise<void> {
    const { generation } = this.#published.now
    if (entries.length > 0) {
      this.#followers?.send(from, entries, digest)
      // The followers sync while this replica does: their messages leave before the disk takes this thread.
      await nextTurn(this.#runtime.clock)
      const extension = await this.#copy.extend(generation, from, entries, digest)
      if (extension.kind !== 'held') throw new Error(`own log: ${extension.kind} at ${extension.head.length}`)
      this.#followers?.logGrew()
    }
    await this.#followers?.held(from + entries.length) // O1
  }

  #acknowledge(decided: Decided): void {
    if (decided.batch !== this.#lastBatch) return
    const orders = this.#inFlight
    this.#inFlight = []
    orders.forEach((order, i) => {
      const outcome = decided.outcomes[i]
      const position = outcome && positionToShow(outcome)
      const shown = outcome && position !== undefined && position <= this.#published.ever
      order.settle(shown ? { number: outcome.number, replayed: outcome.replayed } : { number: UNKNOWN, replayed: false })
    })
    this.#trade()
  }

  // ---- the catalogue ---------------------------------------------------------------------------------------------

  async #keepConnected(): Promise<void> {
    const { clock, log } = this.#runtime
    let trouble: string | undefined
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#connect()
      } catch (error) {
        const { message } = error as Error
        const isNew = message !== trouble || this.#phase.kind !== 'connecting'
        if (isNew && !this.#stopped.signal.aborted) log.warn({ error: message }, 'the catalogue cannot be worked with')
        trouble = message
      }
      this.#phase = { kind: 'connecting' }
      this.#lost()
      await sleep(clock, RECONNECT_MS, this.#stopped.signal)
    }
  }

  /** A large gap is read at this replica's own pace before the stream is opened again. */
  async #readGap({ adopt }: Refusal): Promise<void> {
    const { catalogueAddress } = this.#options
    if (adopt) await this.#copy.seal(adopt.generation, adopt.genesis as Genesis)
    const read = (request: ReadRequest) => this.#runtime.network.call(catalogueAddress, 'Catalog.Read', request, GAP_READ_MS)
    for (;;) {
      const { length: from, genesis } = this.#copy.head()
      if (!genesis || this.#stopped.signal.aborted) return
      const { length: end } = await read({ from, limit: 0 })
      if (end - from < LIMITS.catchUpBatchMax) return
      for await (const { generation, entries, digest } of readPages(this.#runtime.clock, read, from, end)) {
        if (this.#stopped.signal.aborted) return
        const extension = await this.#copy.extend(generation, entries[0]?.number ?? end, entries, digest)
        if (extension.kind === 'fork') await this.#repair()
        if (extension.kind !== 'held') throw new Error(`${extension.kind} while reading the gap up to ${end}`)
      }
    }
  }

  /** Runs one stream to the catalogue; rejects with the reason when it is over. */
  async #connect(): Promise<void> {
    if (this.#stopped.signal.aborted) return
    const { length, digest, genesis, sealedGeneration, lastGeneration } = this.#copy.head()
    const { replicaId, address, catalogueAddress } = this.#options
    this.#received = length
    const catalogue = (this.#catalogue = new LeadStream(this.#runtime, catalogueAddress, this))
    const { why, refused } = await catalogue.start({
      replicaId,
      address,
      clusterId: genesis?.clusterId ?? '',
      length,
      digest,
      sealedGeneration,
      lastGeneration,
    })
    if (this.#stopped.signal.aborted) return
    if (refused?.lacksMuch) return this.#readGap(refused)
    if (refused?.differs && (await this.#repair()) !== undefined) this.#options.unfit(why)
    throw new Error(why)
  }

  /**
   * See repair.ts, whose answer this returns. The followers begin anew, since what they hold of a tail that was given up
   * counts for nothing.
   */
  async #repair(): Promise<Kept | undefined> {
    const kept = await repair(this.#runtime, this.#copy, this.#options.catalogueAddress)
    for (const { address } of this.followers()) this.#toFollow.set(address, undefined)
    this.#followers?.close()
    this.#followers = undefined
    if (kept !== undefined) this.#runtime.log.error({ length: this.#copy.head().length }, kept.why)
    return kept
  }

  async welcomed(catalogue: LeadStream, welcome: LeadWelcome): Promise<void> {
    if (this.#stopped.signal.aborted) return
    const { generation, length, published } = welcome
    const genesis = welcome.genesis as Genesis
    await this.#copy.seal(generation, genesis)
    const unpublished = await entriesBetween(this.#copy.log, published, this.#received)
    // The stream may be over by now. Then the catalogue may have lost an empty history and have begun another one.
    if (catalogue.isOver || this.#stopped.signal.aborted) return
    this.#genesis = genesis
    this.#earlier = Promise.resolve()
    this.#leftBehind = unpublished.map((entry) => entry.name)
    this.#published.begin(generation, published)
    this.#followers ??= this.#follow()
    this.#phase = { kind: 'closing-gap', catalogue, until: length }
    this.#options.publishedGrew()
    this.#runtime.log.info({ epoch: this.#epoch, generation, length, gap: length - this.#received }, 'leads')
  }

  #follow(): Followers {
    const { clock, network, log } = this.#runtime
    const { replicaId: leaderId } = this.#options
    const followers = new Followers(clock, network, log, {
      hello: () => ({ leaderId, epoch: this.#epoch, generation: this.#published.now.generation, genesis: this.#genesis ?? null }),
      log: this.#copy.log,
      pace: this.#copy.pace,
      published: () => this.#published.ever,
    })
    followers.start()
    for (const [address, streamed] of this.#toFollow) followers.add(address, streamed)
    this.#toFollow.clear()
    return followers
  }

  decided(catalogue: LeadStream, decided: Decided): void {
    // The next stream may have begun already.
    if (catalogue.isOver || this.#stopped.signal.aborted) return
    const entries = fromWireEntries(decided.entries)
    if (entries.length > 0 && entries[0]!.number !== this.#received) return catalogue.fail('entries out of order')
    this.#carry(catalogue, decided, entries).then(
      () => this.#serveWhenGapIsClosed(catalogue),
      (error: Error) => catalogue.fail(error.message),
    )
  }

  /** Begins to serve once everything that earlier leaders left unpublished is published. */
  #serveWhenGapIsClosed(catalogue: LeadStream): void {
    if (this.#phase.kind !== 'closing-gap' || this.#phase.catalogue !== catalogue) return
    if (this.#published.ever < this.#phase.until) return
    this.#phase = { kind: 'serving', catalogue }
    this.#trade()
  }

  /** O3 */
  #lost(): void {
    const orders = [...this.#inFlight, ...this.#waiting]
    this.#inFlight = []
    this.#waiting = []
    for (const order of orders) order.settle({ number: UNKNOWN, replayed: false })
  }
}
