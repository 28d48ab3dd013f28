import type { Clock } from '../runtime/clock.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, SessionHello, StockQuery } from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import type { ShownStocks } from './shown-stocks.ts'
import { StockLists } from './stock-lists.ts'

/** The answer to a renewal. */
export interface Grant {
  /** The renewal that is answered. */
  readonly ask: number
  readonly clusterId: string
  /** The session, and how long it lives from the moment of asking on; undefined when there is none. */
  readonly lease: { readonly session: number; readonly leaseMs: number } | undefined
}

/** The owner of the stream. Each message of the front end becomes one of these calls. */
export interface SessionOwner {
  /** A front end says who it is; comes once. */
  greeted(stream: SessionStream, hello: SessionHello): void
  /** The front end asks for its lease, or to prolong it. The owner answers each time with a {@link Grant}. */
  renewed(stream: SessionStream, ask: number): void
  /** The front end has dropped its cache. */
  ended(stream: SessionStream): void
  /** The stocks that lookups may see at this moment; undefined when nothing may be shown. */
  shown(): ShownStocks | undefined
  /** The stream is over. */
  gone(stream: SessionStream): void
}

/** The catalogue's end of one front end's `Catalog.Session`: its lease, and the stocks that it asks for. */
export class SessionStream {
  readonly #stream: ServedStream<CatalogueToFrontEnd>
  readonly #owner: SessionOwner
  readonly #lists: StockLists
  #hello: SessionHello | undefined

  constructor(clock: Clock, stream: ServedStream<CatalogueToFrontEnd>, owner: SessionOwner) {
    this.#stream = stream
    this.#owner = owner
    this.#lists = new StockLists(clock, stream)
  }

  /** Returns the handlers for the stream's messages. */
  start(): StreamHandlers<FrontEndToCatalogue> {
    return { message: (message) => this.#message(message), closed: () => this.#closed() }
  }

  /** The front end's id, once it has said who it is. */
  get frontEndId(): string | undefined {
    return this.#hello?.frontEndId
  }

  grant({ ask, clusterId, lease }: Grant): void {
    const { session, leaseMs } = lease ?? { session: 0, leaseMs: 0 }
    this.#stream.send({ grant: { ask, session, leaseMs, clusterId } })
  }

  /** Tells the front end that its session has to end. */
  end(): void {
    this.#stream.send({ end: {} })
  }

  close(): void {
    this.#stream.close()
  }

  #message({ hello, renew, query, ended }: FrontEndToCatalogue): void {
    // A second name on one stream would be kept when the stream is over.
    if (hello && this.#hello) return this.close()
    if (hello) this.#greeted(hello)
    if (renew) this.#owner.renewed(this, renew.ask)
    if (ended) this.#owner.ended(this)
    if (query) this.#asked(query)
  }

  #closed(): void {
    this.#lists.close()
    this.#owner.gone(this)
  }

  #greeted(hello: SessionHello): void {
    this.#hello = hello
    this.#owner.greeted(this, hello)
  }

  /** Without names all stocks are asked for. */
  #asked({ query, names }: StockQuery): void {
    const shown = this.#owner.shown()
    if (shown && names.length === 0) return this.#lists.ask(query, shown)
    const stocks = shown ? names.map((name) => shown.view(name)) : []
    this.#stream.send({ answer: { query, stocks, position: shown?.position ?? -1, more: false } })
  }
}
