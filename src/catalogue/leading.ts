import type { OrderRequest } from '../domain/order.ts'
import type { CatalogueToLeader, LeaderToCatalogue, LeadHello, PublishRequest } from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { refusal } from '../wire/refusal.ts'
import type { Decisions } from './decisions.ts'
import { Delivery, type DeliveryWorld } from './delivery.ts'
import { LeadStream, type LeadOwner } from './lead-stream.ts'
import type { LeaderJudge } from './leader-judge.ts'
import type { Leaders } from './leaders.ts'
import type { Membership } from './membership.ts'
import { Publishing, type PublishingWorld } from './publishing.ts'
import type { Readiness } from './readiness.ts'

/** The parts of the catalogue that leaders use. */
export interface LeadingWorld extends DeliveryWorld, PublishingWorld {
  readonly decisions: Decisions
  readonly membership: Membership
  readonly readiness: Readiness
  readonly judge: LeaderJudge
  readonly leaders: Leaders
}

/** Lets replicas lead: judges them, decides their batches, delivers the ledger to them, and publishes for them. */
export class Leading implements LeadOwner {
  readonly #world: LeadingWorld

  constructor(world: LeadingWorld) {
    this.#world = world
  }

  /** A replica that wants to lead has opened its stream. */
  open(stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue> {
    return new LeadStream(stream, this).start()
  }

  greeted(stream: LeadStream, hello: LeadHello): void {
    void this.#takeOn(stream, hello)
  }

  traded(stream: LeadStream, batch: number, requests: readonly OrderRequest[]): void {
    void this.#trade(stream, batch, requests)
  }

  toPublish(stream: LeadStream, request: PublishRequest): void {
    this.#world.leaders.of(stream)?.publishing.publishInTurn(request)
  }

  toConfirm(stream: LeadStream, confirm: number): void {
    void this.#confirm(stream, confirm)
  }

  gone(stream: LeadStream): void {
    this.#world.leaders.detach(stream)
  }

  async #takeOn(stream: LeadStream, hello: LeadHello): Promise<void> {
    const { ledger, publication, membership, readiness, judge, leaders, log } = this.#world
    membership.introduce(hello)
    const why = readiness.refusal ?? (await membership.lookAgain()) // C4
    if (why !== undefined) return stream.refuse(refusal(why)) // Not logged, since a leader asks every 50 ms.
    const refused = await judge.judge(hello)
    if (refused) {
      log.warn({ replica: hello.replicaId, ...refused }, 'leader refused')
      return stream.refuse(refused)
    }
    if (stream.isGone) return
    const { generation, genesis, length } = ledger.head()
    stream.welcome({ generation, genesis, length, published: publication.published })
    const delivery = new Delivery(this.#world, stream, hello.length)
    leaders.attach(stream, { delivery, publishing: new Publishing(this.#world, stream, hello.replicaId) })
    log.info({ replica: hello.replicaId, length: hello.length, gap: length - hello.length }, 'leader attached')
    delivery.start()
  }

  async #trade(stream: LeadStream, batch: number, requests: readonly OrderRequest[]): Promise<void> {
    const { decisions, leaders } = this.#world
    const share = await decisions.decide(requests, stream).catch(() => undefined)
    if (!share) return stream.close() // The ledger has failed, and this process ends.
    const { group, first, count } = share
    leaders.of(stream)?.delivery.answer(group, { batch, outcomes: group.outcomes.slice(first, first + count) })
  }

  /** Waits until everything that was shown earlier is published again (P1). Before that, nobody can be told what is missing. */
  async #confirm(stream: LeadStream, confirm: number): Promise<void> {
    const { publication, leaders } = this.#world
    await publication.whenSettled()
    leaders.of(stream)?.delivery.confirm(confirm)
  }
}
