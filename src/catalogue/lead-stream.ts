import type { Entry, OrderRequest, Outcome } from '../domain/order.ts'
import type {
  CatalogueToLeader,
  LeaderToCatalogue,
  LeadHello,
  LeadWelcome,
  LiveSession,
  PublishRequest,
  Refusal,
} from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { toWireOutcome } from '../wire/outcome-codes.ts'
import { refusal } from '../wire/refusal.ts'

/** A piece of the ledger on its way to a leader, and the outcomes that follow it. */
export interface Delivered {
  /** The leader's batch that the outcomes answer; undefined when there are none. */
  readonly batch: number | undefined
  readonly outcomes: readonly Outcome[]
  readonly entries: readonly Entry[]
  /** Digest of the log after these entries; undefined when there are none. */
  readonly digest: string | undefined
  /** The published length. */
  readonly published: number
  readonly sessions: readonly LiveSession[]
}

/** The owner of the stream. Each message of the leader becomes one of these calls. */
export interface LeadOwner {
  /** A replica wants to lead. Called once, and before all other calls. The owner has to welcome or refuse the replica. */
  greeted(stream: LeadStream, hello: LeadHello): void
  /** A batch of orders has come. The owner answers it by a delivery. */
  traded(stream: LeadStream, batch: number, requests: readonly OrderRequest[]): void
  /** The leader asks to show everything below a position. The owner answers by {@link LeadStream.published}. */
  toPublish(stream: LeadStream, request: PublishRequest): void
  /** The leader asks for the published length. The answer has to repeat the number `confirm`. */
  toConfirm(stream: LeadStream, confirm: number): void
  /** The stream is over. */
  gone(stream: LeadStream): void
}

/** The catalogue's end of one leader's `Catalog.Lead`. */
export class LeadStream {
  readonly #stream: ServedStream<CatalogueToLeader>
  readonly #owner: LeadOwner
  #hasGreeted = false
  #isWelcome = false
  #isGone = false

  constructor(stream: ServedStream<CatalogueToLeader>, owner: LeadOwner) {
    this.#stream = stream
    this.#owner = owner
  }

  /** Returns the handlers for the stream's messages. */
  start(): StreamHandlers<LeaderToCatalogue> {
    return { message: (message) => this.#message(message), closed: () => this.#closed() }
  }

  /** True once the stream is over. */
  get isGone(): boolean {
    return this.#isGone
  }

  welcome(welcome: LeadWelcome): void {
    this.#isWelcome = true
    this.#stream.send({ welcome })
  }

  deliver({ batch = -1, outcomes, digest = '', ...more }: Delivered): void {
    this.#stream.send({ decided: { batch, outcomes: outcomes.map(toWireOutcome), digest, ...more } })
  }

  published(position: number): void {
    this.#stream.send({ published: { position } })
  }

  confirmed(confirm: number, published: number): void {
    this.#stream.send({ confirmed: { confirm, published } })
  }

  /** Tells the leader why it is not served, or no longer, and ends the stream. */
  refuse(refused: Refusal): void {
    this.#stream.send({ refused })
    this.close()
  }

  /** Resolves once all that was sent is on its way to a leader that takes it, or the stream is over. */
  drained(): Promise<void> {
    return this.#stream.drained()
  }

  close(): void {
    this.#stream.close()
  }

  #message({ hello, trade, publish, confirm }: LeaderToCatalogue): void {
    if (hello) this.#greeted(hello)
    else if (!this.#isWelcome) this.refuse(refusal('a leader says hello first'))
    else if (trade) this.#owner.traded(this, trade.batch, trade.requests)
    else if (publish) this.#owner.toPublish(this, publish)
    else if (confirm) this.#owner.toConfirm(this, confirm.confirm)
  }

  /** Takes the first hello. Deliveries are counted from it on. */
  #greeted(hello: LeadHello): void {
    if (this.#hasGreeted) return this.refuse(refusal('a leader says hello once'))
    this.#hasGreeted = true
    this.#owner.greeted(this, hello)
  }

  #closed(): void {
    this.#isGone = true
    this.#owner.gone(this)
  }
}
