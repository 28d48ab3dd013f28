import { LIMITS } from '../domain/limits.ts'
import type { Entry, Outcome } from '../domain/order.ts'
import type { Logger } from '../runtime/logger.ts'
import type { DecidedBatch, Ledger } from '../storage/ledger.ts'
import type { LeadStream } from './lead-stream.ts'
import type { Publication } from './publication.ts'
import type { Sessions } from './sessions.ts'

/** The ledger that is delivered, and the figures that a leader is told with it. */
export interface DeliveryWorld {
  readonly ledger: Ledger
  readonly publication: Publication
  readonly sessions: Sessions
  readonly log: Logger
}

/** Outcomes of one batch of a leader's. */
interface Answer {
  readonly batch: number
  readonly outcomes: readonly Outcome[]
}

/**
 * Delivers the ledger to one leader: every entry from the leader's length on, in order and once, whoever asked for it.
 * Outcomes are sent after the entries that they are about.
 */
export class Delivery {
  readonly #world: DeliveryWorld
  readonly #stream: LeadStream
  /** Length of the log that was delivered. */
  #delivered: number
  /** Resolves when all that is being sent, one message after the other, has been sent. */
  #sending: Promise<void> = Promise.resolve()

  /** `length`: of the log that the leader holds. */
  constructor(world: DeliveryWorld, stream: LeadStream, length: number) {
    this.#world = world
    this.#stream = stream
    this.#delivered = length
  }

  /** Begins with the entries that the leader lacks. */
  start(): void {
    this.#enqueue(() => this.#closeGap(this.#world.ledger.head().length))
  }

  /** Delivers the entries of a decided group, whoever asked for them. */
  carry(group: DecidedBatch): void {
    if (group.entries.length > 0) this.#enqueue(() => this.#send(group))
  }

  /** Delivers a decided group together with the leader's own outcomes. */
  answer(group: DecidedBatch, answer: Answer): void {
    this.#enqueue(() => this.#send(group, answer))
  }

  /** Tells the leader, after all that is under way, how long the published log is. */
  confirm(confirm: number): void {
    this.#enqueue(async () => this.#stream.confirmed(confirm, this.#world.publication.published))
  }

  #enqueue(send: () => Promise<void>): void {
    this.#sending = this.#sending.then(send).catch((error: Error) => {
      this.#world.log.error({ error: error.message }, 'leader stream failed')
      this.#stream.close()
    })
  }

  async #send(group: DecidedBatch, answer?: Answer): Promise<void> {
    const start = group.length - group.entries.length
    if (this.#delivered >= group.length) return this.#emit([], undefined, answer)
    if (this.#delivered !== start) return this.#closeGap(group.length, answer)
    this.#emit(group.entries, group.digest, answer)
  }

  /** Sends entries from the ledger that were decided before this stream began, and then the later ones. */
  async #closeGap(length: number, answer?: Answer): Promise<void> {
    const { ledger } = this.#world
    while (!this.#stream.isGone && this.#delivered < length) {
      const entries = await ledger.entries(this.#delivered, Math.min(LIMITS.catchUpBatchMax, length - this.#delivered))
      const digest = await ledger.digestAt(this.#delivered + entries.length)
      this.#emit(entries, digest)
      await this.#stream.drained()
    }
    this.#emit([], undefined, answer)
  }

  #emit(entries: readonly Entry[], digest: string | undefined, answer?: Answer): void {
    if (this.#stream.isGone) return
    this.#delivered += entries.length
    const { publication, sessions } = this.#world
    const { batch, outcomes } = answer ?? { batch: undefined, outcomes: [] }
    this.#stream.deliver({ batch, outcomes, entries, digest, published: publication.published, sessions: sessions.live() })
  }
}
