import type { Timer } from '../runtime/clock.ts'
import type { MessageStream } from '../wire/network.ts'
import { Questions } from '../runtime/questions.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, SessionGrant, StockAnswer, StockView } from '../wire/messages.ts'
import type { StockCache } from './stock-cache.ts'

const RENEW_INTERVAL_MS = 120
/** A stream on which nothing arrives is replaced. */
const SILENCE_MS = 1_000
/** Of the lease that the catalogue grants, this part is used: clocks do not run alike. */
const LEASE_USED = 0.9

export interface SessionOptions {
  readonly frontEndId: string
  readonly catalogueAddress: string
  readonly caching: boolean
  readonly replicas: readonly string[]
}

interface Lease {
  readonly askedMonotonicMs: number
  readonly askedWallMs: number
  readonly lengthMs: number
}

/**
 * The front end's stream to the catalogue: the session that its cache lives under, and stock queries.
 *
 * K3. The lease is measured from the moment of asking, by two clocks: whichever says that it is over is believed.
 */
export class CatalogueSession {
  readonly #runtime: Runtime
  readonly #options: SessionOptions
  readonly #cache: StockCache
  #timer: Timer | undefined
  #ownAddress = ''
  #closed = false
  #stream: MessageStream<FrontEndToCatalogue> | undefined
  /** By the time that this process was awake; a lease is measured by the clocks. */
  #heardAt = 0
  #lease: Lease | undefined
  /** The catalogue's number of the session on this stream; undefined until the first grant. */
  #granted: number | undefined
  #sessions = 0
  #clusterId = ''
  readonly #asked = new Map<number, Lease>()
  #lastAsk = 0
  readonly #queries: Questions<StockAnswer>
  /** What has arrived of answers that are not complete. */
  readonly #parts = new Map<number, StockView[]>()
  #trouble = 'not tried yet'

  constructor(runtime: Runtime, options: SessionOptions, cache: StockCache) {
    this.#runtime = runtime
    this.#queries = new Questions(runtime.clock)
    this.#options = options
    this.#cache = cache
  }

  /** Begins to connect. `ownAddress` is where leaders reach this front end by HTTP. */
  start(ownAddress: string): void {
    const { clock } = this.#runtime
    this.#ownAddress = ownAddress
    this.#timer = clock.every(RENEW_INTERVAL_MS, () => clock.nextTurn(() => this.#beat()))
    this.#beat()
  }

  /** Whether cached values may be served (K3). */
  get live(): boolean {
    if (!this.#lease) return false
    const { askedMonotonicMs, askedWallMs, lengthMs } = this.#lease
    const { clock } = this.#runtime
    return clock.monotonicMs() - askedMonotonicMs < lengthMs && clock.wallMs() - askedWallMs < lengthMs
  }

  /** The cluster that the catalogue belongs to; '' before it has said so. */
  get clusterId(): string {
    return this.#clusterId
  }

  get trouble(): string {
    return this.#stream && this.#granted !== undefined ? '' : this.#trouble
  }

  /** Asks for stocks (none named: all). Undefined when the catalogue does not answer. */
  query(names: readonly string[], deadlineMs: number): Promise<StockAnswer | undefined> {
    const stream = this.#stream
    if (!stream) return Promise.resolve(undefined)
    return this.#queries.ask((query) => stream.send({ query: { query, names } }), deadlineMs)
  }

  /** Ends the session, so that no trade has to wait for it to lapse. */
  close(): void {
    this.#timer?.cancel()
    this.#closed = true
    this.#end()
    this.#stream?.close()
  }

  #beat(): void {
    const { clock } = this.#runtime
    if (this.#closed) return
    if (this.#stream && clock.awakeMs() - this.#heardAt > SILENCE_MS) this.#gone(this.#stream, 'silent')
    const stream = this.#stream ?? this.#open()
    const ask = ++this.#lastAsk
    this.#asked.set(ask, { askedMonotonicMs: clock.monotonicMs(), askedWallMs: clock.wallMs(), lengthMs: 0 })
    stream.send({ renew: { ask } })
  }

  #open(): MessageStream<FrontEndToCatalogue> {
    const { frontEndId, caching, replicas, catalogueAddress } = this.#options
    const stream = this.#runtime.network.openStream(catalogueAddress, 'Catalog.Session', {
      message: (message) => {
        if (this.#stream === stream) this.#message(message)
      },
      closed: (cause) => this.#gone(stream, cause.message),
    })
    this.#stream = stream
    this.#heardAt = this.#runtime.clock.awakeMs()
    this.#asked.clear()
    stream.send({ hello: { frontEndId, address: this.#ownAddress, caching, replicas } })
    return stream
  }

  #gone(stream: MessageStream<FrontEndToCatalogue>, why: string): void {
    if (this.#stream !== stream) return
    const wasThere = this.trouble === ''
    this.#stream = undefined
    this.#granted = undefined
    if (wasThere || why !== this.#trouble) this.#runtime.log.warn({ why }, 'catalogue is gone')
    this.#trouble = why
    stream.close()
    this.#parts.clear()
    this.#queries.giveUp()
  }

  #message({ grant, answer, end }: CatalogueToFrontEnd): void {
    this.#heardAt = this.#runtime.clock.awakeMs()
    if (grant) this.#renewed(grant)
    if (answer) this.#answered(answer)
    if (end) this.#end()
  }

  /** All stocks may come in parts. */
  #answered(answer: StockAnswer): void {
    const { query, stocks, more } = answer
    const parts = this.#parts.get(query)
    if (more && parts) parts.push(...stocks)
    else if (more) this.#parts.set(query, [...stocks])
    else {
      this.#parts.delete(query)
      this.#queries.answered(query, parts ? { ...answer, stocks: [...parts, ...stocks] } : answer)
    }
  }

  /** A grant that belongs to another session than the last one finds an empty cache. */
  #renewed({ ask, session, leaseMs, clusterId }: SessionGrant): void {
    this.#clusterId = clusterId
    const asked = this.#asked.get(ask)
    for (const earlier of this.#asked.keys()) if (earlier <= ask) this.#asked.delete(earlier)
    if (!asked || leaseMs === 0) return
    if (session !== this.#granted || !this.live) {
      this.#granted = session
      this.#sessions += 1
      this.#cache.begin(this.#sessions)
    }
    this.#lease = { ...asked, lengthMs: leaseMs * LEASE_USED }
  }

  #end(): void {
    this.#lease = undefined
    this.#granted = undefined
    this.#asked.clear()
    this.#cache.begin(0)
    this.#stream?.send({ ended: {} })
  }
}
