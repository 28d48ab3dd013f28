import type { Entry, OrderRequest } from '../domain/order.ts'
import { LIMITS } from '../domain/limits.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import type { CatalogueToLeader, LeaderToCatalogue, LeadHello, Outcome, PublishRequest, Refusal } from '../wire/messages.ts'
import { toWireOutcome } from '../wire/outcome-codes.ts'
import { refusal } from '../wire/refusal.ts'
import type { DecidedBatch, KnownReplica, Ledger } from '../storage/ledger.ts'
import type { Decisions } from './decisions.ts'
import type { Publication } from './publication.ts'
import type { Sessions } from './sessions.ts'

/** What a leader's stream works on. */
export interface LeaderStreamContext {
  readonly ledger: Ledger
  readonly decisions: Decisions
  readonly publication: Publication
  readonly sessions: Sessions
  readonly log: Logger
  /** Why the catalogue does not trade at the moment, or undefined. */
  refusal(): string | undefined
  /** Whether this replica shows that the ledger has lost something. */
  showsLoss(hello: LeadHello): boolean
  /** A replica that may be new here (C3). */
  introduce(replica: KnownReplica): void
  /** Looks into replicas that could not be reached before (C4), then says why there is no trade, or undefined. */
  lookAgain(): Promise<string | undefined>
  /** A replica holds what the ledger has lost: this process has to end and recover it. */
  startOver(replica: KnownReplica, why: string): Promise<void>
  attached(leader: LeaderStream): void
  detached(leader: LeaderStream): void
  published(): void
}

/**
 * The catalogue's end of one leader's stream. It carries every entry of the ledger from the leader's length on, in order
 * and once, whoever asked for it; outcomes travel behind the entries that they speak of.
 */
export class LeaderStream implements StreamHandlers<LeaderToCatalogue> {
  readonly #context: LeaderStreamContext
  readonly #stream: ServedStream<CatalogueToLeader>
  #replicaId = -1
  /** Length of the log that this stream has delivered; undefined before the welcome. */
  #delivered: number | undefined
  #closed = false
  /** What is being sent, one thing after the other. */
  #sending: Promise<void> = Promise.resolve()
  #publishing: Promise<void> = Promise.resolve()

  constructor(context: LeaderStreamContext, stream: ServedStream<CatalogueToLeader>) {
    this.#context = context
    this.#stream = stream
  }

  message(message: LeaderToCatalogue): void {
    if (message.hello) void this.#welcome(message.hello)
    else if (this.#delivered === undefined) this.#refuse(refusal('a leader says hello first'))
    else if (message.trade) void this.#trade(message.trade.batch, message.trade.requests)
    else if (message.publish) this.#publishInTurn(message.publish)
    else if (message.confirm) void this.#confirm(message.confirm.confirm)
  }

  closed(): void {
    this.#closed = true
    this.#delivered = undefined
    this.#context.detached(this)
  }

  /** A group was decided, by whomever: hands its entries on. */
  carry(group: DecidedBatch): void {
    if (group.entries.length > 0) this.#enqueue(() => this.#send(group, -1, []))
  }

  /** Ends this stream: the catalogue cannot decide for a while. */
  end(why: string): void {
    this.#refuse(refusal(why))
  }

  async #welcome(hello: LeadHello): Promise<void> {
    const { ledger, log } = this.#context
    this.#context.introduce(hello)
    const why = this.#context.refusal() ?? (await this.#context.lookAgain())
    if (why !== undefined) return this.#refuse(refusal(why)) // A leader asks every 50 ms: not worth a line.
    const refused = await this.#judge(hello)
    if (refused) {
      log.warn({ replica: hello.replicaId, ...refused }, 'leader refused')
      return this.#refuse(refused)
    }
    if (this.#closed) return
    const { generation, genesis, length } = ledger.head()
    this.#replicaId = hello.replicaId
    this.#delivered = hello.length
    this.#stream.send({ welcome: { generation, genesis, length, published: this.#context.publication.published } })
    this.#context.attached(this)
    log.info({ replica: hello.replicaId, length: hello.length, gap: length - hello.length }, 'leader attached')
    this.#enqueue(() => this.#closeGap(ledger.head().length, -1, []))
  }

  /** Why this replica's log cannot be led from here, or undefined. */
  async #judge(hello: LeadHello): Promise<Refusal | undefined> {
    const { genesis, length, generation } = this.#context.ledger.head()
    const isOfThisCluster = hello.length === 0 || hello.clusterId === genesis.clusterId
    if (this.#context.showsLoss(hello)) {
      const what = `replica ${hello.replicaId} holds ${hello.length} entries up to generation ${hello.sealedGeneration}`
      await this.#context.startOver(hello, `${what}, the ledger ${length} up to ${generation}`)
      return refusal('the ledger is behind')
    }
    if (!isOfThisCluster) {
      const why = `replica ${hello.replicaId} belongs to cluster ${hello.clusterId}, this catalogue to ${genesis.clusterId}`
      return refusal(why, { differs: true })
    }
    if (length - hello.length > LIMITS.leaderGapMax) {
      const adopt = hello.length === 0 ? { generation, genesis } : null // It may know no history, or one that never began.
      return refusal(`a gap of ${length - hello.length} entries: read it first`, { lacksMuch: true, adopt })
    }
    const digest = await this.#context.ledger.digestAt(hello.length)
    if (hello.length > 0 && digest !== hello.digest) {
      const why = `the log of replica ${hello.replicaId} differs from the ledger within its first ${hello.length} entries`
      return refusal(why, { differs: true })
    }
    return undefined
  }

  #refuse(refused: Refusal): void {
    this.#stream.send({ refused })
    this.#stream.close()
  }

  async #trade(batch: number, requests: readonly OrderRequest[]): Promise<void> {
    const share = await this.#context.decisions.decide(requests, this).catch(() => undefined)
    if (!share) return this.#stream.close() // The ledger has failed, and this process ends.
    const { group, first, count } = share
    const outcomes = group.outcomes.slice(first, first + count).map(toWireOutcome)
    this.#enqueue(() => this.#send(group, batch, outcomes))
  }

  /** One after the other: a later position must not overtake the sessions that an earlier one waits for. */
  #publishInTurn(request: PublishRequest): void {
    this.#publishing = this.#publishing.then(() => this.#publish(request))
  }

  /** S1, then shows everything below the position and says so. */
  async #publish({ position, unreachable }: PublishRequest): Promise<void> {
    const { sessions, publication, ledger } = this.#context
    const { length } = ledger.head()
    if (position > length) return this.#refuse(refusal(`position ${position} cannot be published: the ledger has ${length} entries`))
    if (unreachable.length > 0) {
      this.#context.log.warn({ unreachable, leader: this.#replicaId }, 'waiting for sessions to lapse')
      await sessions.refuse(unreachable)
    }
    publication.publish(position)
    this.#context.published()
    this.#stream.send({ published: { position: publication.published } })
  }

  /** P1: before everything shown earlier is published again, nobody can be told what is not there. */
  async #confirm(confirm: number): Promise<void> {
    const { publication } = this.#context
    await publication.whenSettled()
    this.#enqueue(async () => this.#stream.send({ confirmed: { confirm, published: publication.published } }))
  }

  #enqueue(send: () => Promise<void>): void {
    this.#sending = this.#sending.then(send).catch((error: Error) => {
      this.#context.log.error({ error: error.message }, 'leader stream failed')
      this.#stream.close()
    })
  }

  async #send(group: DecidedBatch, batch: number, outcomes: readonly Outcome[]): Promise<void> {
    const start = group.length - group.entries.length
    if (this.#delivered === undefined) return
    if (this.#delivered >= group.length) return this.#emit(batch, outcomes, [], '')
    if (this.#delivered !== start) return this.#closeGap(group.length, batch, outcomes)
    this.#emit(batch, outcomes, group.entries, group.digest)
  }

  /** Entries that were decided before this stream could carry them, from the ledger; then what follows them. */
  async #closeGap(length: number, batch: number, outcomes: readonly Outcome[]): Promise<void> {
    const { ledger } = this.#context
    while (this.#delivered !== undefined && this.#delivered < length) {
      const entries = await ledger.entries(this.#delivered, Math.min(LIMITS.catchUpBatchMax, length - this.#delivered))
      const digest = await ledger.digestAt(this.#delivered + entries.length)
      this.#emit(-1, [], entries, digest ?? '')
      await this.#stream.drained()
    }
    this.#emit(batch, outcomes, [], '')
  }

  #emit(batch: number, outcomes: readonly Outcome[], entries: readonly Entry[], digest: string): void {
    if (this.#delivered === undefined) return
    this.#delivered += entries.length
    const { publication, sessions } = this.#context
    const published = publication.published
    this.#stream.send({ decided: { batch, outcomes, entries, digest, published, sessions: sessions.live() } })
  }
}
