import type { SystemName } from '../domain/system.ts'
import type { Timer } from '../runtime/clock.ts'
import type { SessionHello, StockAnswer } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { Lease } from './lease.ts'
import { SessionStream, type Grant } from './session-stream.ts'
import type { StockCache } from './stock-cache.ts'

const RENEW_INTERVAL_MS = 120
/** A stream on which nothing arrives for this long is replaced. */
const CATALOGUE_SILENCE_MS = 1_000

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
  #timer: Timer | undefined
  #stream: SessionStream | undefined
  /** When the catalogue was last heard, by the time that this process was awake. (A lease is measured by the clocks.) */
  #heardAt = 0
  /** The catalogue's number of the session on this stream; undefined until the first grant. */
  #granted: number | undefined
  #clusterId: string | undefined
  #trouble = 'not tried yet'

  constructor(runtime: Runtime, options: SessionOptions, cache: StockCache) {
    this.#runtime = runtime
    this.#options = options
    this.#cache = cache
    this.#lease = new Lease(runtime.clock)
  }

  /** Begins to connect. `ownAddress` is where leaders reach this front end by HTTP. */
  start(ownAddress: string): void {
    const { clock } = this.#runtime
    const { frontEndId, caching, replicas } = this.#options
    const hello = { frontEndId, address: ownAddress, caching, replicas }
    this.#timer = clock.every(RENEW_INTERVAL_MS, () => clock.nextTurn(() => this.#beat(hello)))
    this.#beat(hello)
  }

  /** True while cached values may be served (K3). */
  get live(): boolean {
    return this.#lease.isLive
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
    return this.#stream?.query(names, deadlineMs) ?? Promise.resolve(undefined)
  }

  /** Ends the session, so that no trade has to wait for it to lapse. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#end()
    this.#stream?.close()
    this.#stream = undefined
  }

  #beat(hello: SessionHello): void {
    const { clock } = this.#runtime
    if (!this.#timer) return // The session was closed in this turn.
    if (this.#stream && clock.awakeMs() - this.#heardAt > CATALOGUE_SILENCE_MS) {
      this.#stream.close()
      this.#gone('silent')
    }
    const stream = this.#stream ?? this.#open(hello)
    stream.renew(this.#lease.ask())
  }

  #open(hello: SessionHello): SessionStream {
    const stream = new SessionStream(this.#runtime, this.catalogueAddress, {
      heard: () => (this.#heardAt = this.#runtime.clock.awakeMs()),
      granted: (grant) => this.#renewed(grant),
      ended: () => this.#end(),
      gone: (why) => this.#gone(why),
    })
    this.#stream = stream
    this.#heardAt = this.#runtime.clock.awakeMs()
    this.#lease.forgetAsked()
    stream.start(hello)
    return stream
  }

  /** The stream is over. Cached stocks are served until the lease is over (K3). */
  #gone(why: string): void {
    const wasThere = this.#granted !== undefined
    this.#stream = undefined
    this.#granted = undefined
    if (wasThere || why !== this.#trouble) this.#runtime.log.warn({ why }, 'catalogue is gone')
    this.#trouble = why
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
