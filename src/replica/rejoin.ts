import { sleep, untilNextMs, type Timer } from '../runtime/clock.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Copy } from './copy.ts'
import type { FollowerOwner } from './follower.ts'
import { repair, type Kept } from './repair.ts'
import { Solitude } from './solitude.ts'

const REJOIN_RETRY_MS = 200
const REJOIN_CALL_MS = 500
/** How often this replica looks whether its leader is silent, while that one is at rest. */
const RESTING_LOOK_MS = 2_000
/** A leader of another make is asked so often: it has no heartbeat, and does not say that it has dropped this replica. */
const FOREIGN_LEADER_MS = 2_000
/** A log that is another history than the ledger is compared so often: only the operator can change that. */
const PARTED_COMPARE_MS = 5_000

export interface RejoinOptions {
  readonly frontEndAddress: string
  readonly catalogueAddress: string
  /** "host:port" under which leaders reach this replica. */
  ownAddress(): string
  /** True while this replica leads. */
  leads(): boolean
  /** True while this replica hears a leader. */
  isLed(): boolean
  /** True while this replica leads, or hears a leader that is at rest. A change of that takes a while, or is told by {@link Rejoin.leaderless}. */
  isAtRest(): boolean
  /** Why it could follow nobody at the moment; undefined when it could. */
  trouble(): string | undefined
  /** Takes in what the catalogue has decided and this log lacks. */
  catchUp(): Promise<void>
}

/**
 * A replica that follows nobody asks the front end who leads, and asks that leader to take it in, until a leader is heard.
 * No election is held for it, whatever its id. Where a program of another make leads, this replica reads from the catalogue
 * what was decided; that leader's `Propagate` says when there is more.
 */
export class Rejoin implements FollowerOwner {
  readonly #runtime: Runtime
  readonly #options: RejoinOptions
  readonly #copy: Copy
  readonly #solitude: Solitude
  readonly #stopped = new AbortController()
  #wake = new AbortController()
  /** The log differs from a leader's. It is compared with the ledger before a leader is asked again. */
  #forked = false
  /** The log goes on where a leader's ends. It is compared with the ledger, and this replica follows meanwhile. */
  #longer = false
  /** Why the log is no prefix of the ledger, as it was logged last. */
  #kept: Kept | undefined
  /** Until when a log that is another history is not compared anew. */
  #keptUntil = 0
  /** Address of the leader that was asked last, and has not been heard since. */
  #asked: string | undefined
  /** Kept while a leader's silence is measured. */
  #watch: Timer | undefined
  /** A leader of another make that has taken this replica in. */
  #foreignLeader: { readonly address: string; readonly askAgainAt: number } | undefined

  constructor(runtime: Runtime, copy: Copy, options: RejoinOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#copy = copy
    this.#solitude = new Solitude(runtime.clock, runtime.log)
  }

  start(): void {
    this.#watch = this.#runtime.clock.watchAwake()
    void this.#run()
  }

  /** Nobody is led by or leads any more. Asks at once, unless the log differs: one that is kept all the same would be offered again without a pause. */
  leaderless(): void {
    if (this.#stopped.signal.aborted) return
    this.#watch ??= this.#runtime.clock.watchAwake() // Nobody has to be silent for that.
    if (!this.#forked) this.#wake.abort()
  }

  differs(): void {
    this.#forked = true
  }

  isLonger(): void {
    this.#longer = true
    this.#wake.abort()
  }

  /** Why this log can be neither led from nor follow anybody before the operator has chosen a history; undefined otherwise. */
  get parted(): string | undefined {
    return this.#kept?.isParted ? this.#kept.why : undefined
  }

  /** For how long this replica has been alone, and why. */
  get solitude(): Pick<Solitude, 'ms' | 'why'> {
    return this.#solitude
  }

  /** The role of this replica while it does not lead, in the words of its status. */
  get role(): 'follower' | 'follower of another program' | 'follower, alone' {
    if (this.#options.isLed()) return 'follower'
    return this.#foreignLeader ? 'follower of another program' : 'follower, alone'
  }

  close(): void {
    this.#stopped.abort()
    this.#wake.abort()
    this.#watch?.cancel()
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (this.#longer) await this.#compare()
      const isUnled = !this.#options.leads() && !this.#options.isLed()
      if (isUnled && this.#watch) this.#solitude.because(this.#options.trouble() ?? (await this.#ask()))
      else if (!isUnled) this.#foreignLeader = this.#asked = this.#kept = undefined
      this.#solitude.look(isUnled && !this.#foreignLeader)
      await this.#rest()
    }
  }

  /** Until the next look. After a rest there is a second look: what has arrived while this process stood still is read first. */
  async #rest(): Promise<void> {
    const { clock } = this.#runtime
    this.#wake = new AbortController()
    if (this.#stopped.signal.aborted) return
    if (!this.#options.isAtRest()) this.#watch ??= clock.watchAwake()
    else {
      this.#watch?.cancel()
      this.#watch = undefined
    }
    await sleep(clock, this.#watch ? REJOIN_RETRY_MS : untilNextMs(clock, RESTING_LOOK_MS), this.#wake.signal)
  }

  /** Compares the log with the ledger. Returns why it is no prefix of it, or could not be compared; undefined when it is one. */
  async #compare(): Promise<string | undefined> {
    const { clock, log } = this.#runtime
    if (this.parted !== undefined && clock.awakeMs() < this.#keptUntil) return this.parted
    try {
      const kept = await repair(this.#runtime, this.#copy, this.#options.catalogueAddress)
      if (kept && kept.why !== this.#kept?.why) log.error({ length: this.#copy.head().length }, kept.why)
      this.#kept = kept
      this.#keptUntil = clock.awakeMs() + PARTED_COMPARE_MS
      this.#forked = kept !== undefined
      this.#longer = false
      return kept?.why
    } catch (error) {
      return `cannot compare the log with the ledger yet: ${(error as Error).message}`
    }
  }

  /** Asks to be taken in. Returns why no leader has come yet; undefined where a leader of another make has. */
  async #ask(): Promise<string | undefined> {
    const { network, log, clock } = this.#runtime
    const { frontEndAddress } = this.#options
    const trouble = this.#forked ? await this.#compare() : undefined
    if (trouble !== undefined) return trouble
    if (clock.awakeMs() < (this.#foreignLeader?.askAgainAt ?? 0)) return undefined
    let asked = `front end ${frontEndAddress}`
    try {
      const { status, body } = await network.httpGet(frontEndAddress, '/leader', REJOIN_CALL_MS)
      const leader = (body as { data?: { leader?: unknown } } | undefined)?.data?.leader
      if (status !== 200 || typeof leader !== 'string') return `${asked} knows no leader`
      if (leader === this.#options.ownAddress()) return `${asked} takes this replica for the leader`
      asked = `leader ${leader}`
      // A leader of our own make would mostly have been heard by now.
      if (leader === this.#asked && (await this.#isForeign(leader))) await this.#followForeign(leader)
      else await this.#askOurs(leader)
      return `${asked} was asked, and has not come yet`
    } catch (error) {
      this.#foreignLeader = undefined
      log.debug({ asked, error: (error as Error).message }, 'cannot rejoin yet')
      return `${asked}: ${(error as Error).message}`
    }
  }

  async #askOurs(leader: string): Promise<void> {
    this.#asked = leader
    this.#foreignLeader = undefined
    await this.#synchronize(leader, true)
    this.#runtime.log.info({ leader, length: this.#copy.head().length }, 'asked to follow')
  }

  async #isForeign(leader: string): Promise<boolean> {
    try {
      await this.#runtime.network.call(leader, 'Order.Status', {}, REJOIN_CALL_MS)
      return false
    } catch (error) {
      if (error instanceof RpcError && error.code === 'UNIMPLEMENTED') return true
      throw error
    }
  }

  /** Reads from the catalogue first. What that leader streams then is not looked at: nothing else enters the log. */
  async #followForeign(address: string): Promise<void> {
    const isNew = this.#foreignLeader?.address !== address
    await this.#options.catchUp()
    await this.#synchronize(address, false)
    this.#foreignLeader = { address, askAgainAt: this.#runtime.clock.awakeMs() + FOREIGN_LEADER_MS }
    if (isNew) this.#runtime.log.info({ leader: address }, 'another program: single calls, no guarantee')
  }

  async #synchronize(leader: string, overReplicate: boolean): Promise<void> {
    const request = { orderNum: this.#copy.head().length - 1, synchronizedAdd: this.#options.ownAddress(), overReplicate }
    await this.#runtime.network.callStreaming(leader, 'Order.Synchronize', request, REJOIN_CALL_MS)
  }
}
