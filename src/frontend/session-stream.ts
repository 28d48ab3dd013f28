import { Questions } from '../runtime/questions.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, SessionGrant, SessionHello, StockAnswer, StockView } from '../wire/messages.ts'
import type { MessageStream } from '../wire/network.ts'
import type { Runtime } from '../wire/runtime.ts'

/** A grant as the front end works with it. */
export interface Grant {
  /** The renewal that this grant answers. */
  readonly ask: number
  /** The catalogue's number of the session. */
  readonly session: number
  /** 0: no lease is granted. */
  readonly leaseMs: number
  readonly clusterId: string | undefined
}

/** The owner of the stream. Each message becomes one of these calls. Nothing is called once the owner has closed the stream. */
export interface SessionOwner {
  /** A message has arrived. This is called before all else that the message brings. */
  heard(): void
  granted(grant: Grant): void
  /**
   * The catalogue ends the session. Once everything that was cached under it is dropped, the owner says so by {@link
   * SessionStream.end}.
   */
  ended(): void
  /** The stream is over. */
  gone(why: string): void
}

/**
 * The front end's end of one `Catalog.Session`. It carries renewals, stock queries, and the end of the session. It lives as
 * long as its connection. Another connection needs a new object.
 */
export class SessionStream {
  readonly #runtime: Runtime
  readonly #address: string
  readonly #owner: SessionOwner
  readonly #queries: Questions<StockAnswer>
  /** Parts of answers that are not complete, by the query's number. */
  readonly #parts = new Map<number, StockView[]>()
  #stream: MessageStream<FrontEndToCatalogue> | undefined

  /** `address`: "host:port" of the catalogue. */
  constructor(runtime: Runtime, address: string, owner: SessionOwner) {
    this.#runtime = runtime
    this.#address = address
    this.#owner = owner
    this.#queries = new Questions(runtime.clock)
  }

  /** True while a query waits for its answer. */
  get isAsked(): boolean {
    return this.#queries.open > 0
  }

  /** Connects. Calls `gone` when it cannot. */
  start(hello: SessionHello): void {
    this.#stream = this.#runtime.network.openStream(this.#address, 'Catalog.Session', {
      message: (message) => {
        if (this.#stream) this.#message(message)
      },
      closed: ({ message: why }) => {
        if (!this.#stream) return
        this.close()
        this.#owner.gone(why)
      },
    })
    this.#stream.send({ hello })
  }

  renew(ask: number): void {
    this.#stream?.send({ renew: { ask } })
  }

  /** Tells the catalogue that nothing is cached under the session any more. */
  end(): void {
    this.#stream?.send({ ended: {} })
  }

  /**
   * Asks for the named stocks, or for all when none is named. Returns undefined when the catalogue does not answer in time,
   * or cannot tell.
   */
  query(names: readonly string[], deadlineMs: number): Promise<StockAnswer | undefined> {
    const stream = this.#stream
    if (!stream) return Promise.resolve(undefined)
    return this.#queries.ask((query) => stream.send({ query: { query, names } }), deadlineMs)
  }

  /** Closes the stream, and gives up all questions. */
  close(): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.close()
    this.#parts.clear()
    this.#queries.giveUp()
  }

  #message({ grant, answer, end }: CatalogueToFrontEnd): void {
    this.#owner.heard()
    if (grant) this.#owner.granted(fromWireGrant(grant))
    if (answer) this.#answered(answer)
    if (end) this.#owner.ended()
  }

  /** Takes in an answer. One that holds all stocks may come in parts. */
  #answered(answer: StockAnswer): void {
    const { query, stocks, position, more } = answer
    const parts = this.#parts.get(query)
    if (more && parts) parts.push(...stocks)
    else if (more) this.#parts.set(query, [...stocks])
    else {
      this.#parts.delete(query)
      const whole = parts ? { ...answer, stocks: [...parts, ...stocks] } : answer
      this.#queries.answered(query, position >= 0 ? whole : undefined)
    }
  }
}

const fromWireGrant = ({ clusterId, ...grant }: SessionGrant): Grant => ({ ...grant, clusterId: clusterId || undefined })
