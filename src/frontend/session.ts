import type { SystemName } from '../domain/system.ts'
import { Pulse } from '../runtime/pulse.ts'
import type { StockAnswer } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { Lease } from './lease.ts'
import { SessionStream, type Grant } from './session-stream.ts'
import type { StockCache } from './stock-cache.ts'

const RENEW_INTERVAL_MS = 120
/** The same when nobody has looked a stock up for a while. The lease lapses in between, and the cache is emptied. */
const RESTING_RENEW_INTERVAL_MS = 2_000
const RENEWALS_REST_AFTER_MS = 5_000
/** A stream on which nothing arrives for this long after a renewal is replaced. */
const CATALOGUE_SILENCE_MS = 900

export interface SessionOptions {
  readonly frontEndId: string
  /** "host:port" of the catalogue. */
  readonly catalogueAddress: string
  readonly caching: boolean
  /** "id=host:port" of each replica. */
  readonly replicas: readonly string[]
}

/**
 * This front end's session with the catalogue. It keeps a stream open, renews the lease that the cache lives under, begins
 * the cache anew with each session, and passes stock queries on. It also knows which system this front end belongs to.
 */
export class CatalogueSession implements SystemName {
  readonly #runtime: Runtime
  readonly #options: SessionOptions
  readonly #cache: StockCache
  readonly #lease: Lease
  readonly #renewals: Pulse
  /** True when somebody has looked a stock up since the last renewal. */
  #isUsed = false
  #ownAddress = ''
  #stream: SessionStream | undefined
  /** Since when the catalogue owes an answer, by the time that this process was awake. (A lease is measured by the clocks.) */
  #owesSince: number | undefined
  /** The catalogue's number of the session on this stream; undefined until the first grant. */
  #granted: number | undefined
  #clusterId: string | undefined
  #trouble = 'not tried yet'

  constructor(runtime: Runtime, options: SessionOptions, cache: StockCache) {
    this.#runtime = runtime
    this.#options = options
    this.#cache = cache
    this.#lease = new Lease(runtime.clock)
    const pace = { everyMs: RENEW_INTERVAL_MS, restMs: RESTING_RENEW_INTERVAL_MS, restAfterMs: RENEWALS_REST_AFTER_MS }
    this.#renewals = new Pulse(runtime.clock, pace, { isCalm: () => this.#isCalm(), beat: (rested) => this.#renew(rested) })
  }

  /** Begins to connect. `ownAddress` is where leaders reach this front end by HTTP. */
  start(ownAddress: string): void {
    this.#ownAddress = ownAddress
    this.#renewals.start()
  }

  /** True while cached values may be served (K3). */
  get live(): boolean {
    return this.#lease.isLive
  }

  /** The same for a lookup. Whoever looks a stock up wants the lease to be renewed. */
  isLiveForUse(): boolean {
    this.#used()
    return this.live
  }

  /** The cluster that the catalogue belongs to; undefined before the catalogue has named it. */
  get clusterId(): string | undefined {
    return this.#clusterId
  }

  get catalogueAddress(): string {
    return this.#options.catalogueAddress
  }

  /**
   * Asks for the named stocks, or for all when none is named. Returns undefined when the catalogue does not answer in time,
   * or cannot tell.
   */
  query(names: readonly string[], deadlineMs: number): Promise<StockAnswer | undefined> {
    this.#used()
    return this.#stream?.query(names, deadlineMs) ?? Promise.resolve(undefined)
  }

  /** Ends the session, so that no trade has to wait for it to lapse. */
  close(): void {
    this.#renewals.close()
    this.#end()
    const stream = this.#stream
    this.#stream = undefined
    this.#runtime.clock.nextTurn(() => stream?.close()) // What was said last has left by then.
  }

  #isCalm(): boolean {
    const isCalm = !this.#isUsed && this.#stream !== undefined && this.#owesSince === undefined && !this.#stream.isAsked
    this.#isUsed = false
    return isCalm
  }

  #used(): void {
    this.#isUsed = true
    this.#renewals.wake()
  }

  #renew(rested: boolean): void {
    const { clock } = this.#runtime
    const now = clock.awakeMs()
    // At rest the time of this process is not exact. A catalogue that was silent then is asked once more, and measured anew.
    if (rested) this.#owesSince = undefined
    const isSilent = now - (this.#owesSince ?? now) > CATALOGUE_SILENCE_MS
    if (this.#stream && isSilent) {
      this.#stream.close()
      this.#gone('silent')
    }
    const stream = this.#stream ?? this.#open()
    this.#owesSince ??= now
    stream.renew(this.#lease.ask())
  }

  #open(): SessionStream {
    const { frontEndId, caching, replicas } = this.#options
    const stream = new SessionStream(this.#runtime, this.catalogueAddress, {
      heard: () => (this.#owesSince = undefined),
      granted: (grant) => this.#renewed(grant),
      ended: () => this.#end(),
      gone: (why) => this.#gone(why),
    })
    this.#stream = stream
    this.#owesSince = undefined
    this.#lease.forgetAsked()
    stream.start({ frontEndId, address: this.#ownAddress, caching, replicas })
    return stream
  }

  /** The stream is over. Cached stocks are served until the lease is over (K3). */
  #gone(why: string): void {
    const wasThere = this.#granted !== undefined
    this.#stream = undefined
    this.#granted = undefined
    if (wasThere || why !== this.#trouble) this.#runtime.log.warn({ why }, 'catalogue is gone')
    this.#trouble = why
    this.#renewals.wake()
  }

  /** Takes in a grant. The cache begins empty when the grant belongs to another session, or when the lease was over. */
  #renewed({ ask, session, leaseMs, clusterId }: Grant): void {
    this.#clusterId = clusterId
    const wasLive = this.live
    if (!this.#lease.grant(ask, leaseMs)) return
    if (session !== this.#granted || !wasLive) this.#cache.begin()
    this.#granted = session
  }

  #end(): void {
    this.#lease.end()
    this.#granted = undefined
    this.#cache.end()
    this.#stream?.end()
  }
}
