import { within } from '../src/runtime/clock.ts'
import type { Cluster, SimFrontEnd } from './cluster.ts'
import type { World } from './world.ts'

/** How long the catalogue has to be up. Then the leases before its start are over, and every front end has found it. */
const UP_MS = 1_500
/** How long an answer may take. A front end waits a second for a leader before it asks the catalogue. */
const ANSWERED_WITHIN_MS = 2_500

/** 15. While every disk is full and all else is well, all that was published can be looked up, even after processes started anew. */
export class ReadableChecks {
  readonly #world: World
  readonly #cluster: Cluster
  readonly #published: () => number
  readonly #violated: (what: string) => void

  constructor(world: World, cluster: Cluster, published: () => number, violated: (what: string) => void) {
    this.#world = world
    this.#cluster = cluster
    this.#published = published
    this.#violated = violated
  }

  /** Called when the catalogue starts after it was killed on a full disk. Calls `done` when the disks may have room again. */
  catalogueStarts(done: () => void): void {
    const hurtAt = this.#cluster.ledgerHurtAt
    this.#world.scheduler.after(UP_MS, () => {
      if (!this.#isExpected) return done()
      const isOff = () => this.#cluster.healed || this.#cluster.ledgerHurtAt !== hurtAt
      void Promise.all(this.#cluster.frontEnds.map((frontEnd) => this.#check(frontEnd, isOff))).then(done)
    })
  }

  /** True when levels have to be shown: a replica holds the entries, and nobody has sealed a replica against the ledger. */
  get #isExpected(): boolean {
    const { healed, ledger, replicas, ledgerTrusted } = this.#cluster
    if (healed || !ledger || !ledgerTrusted || this.#published() === 0) return false
    const { length, generation } = ledger.head()
    const heads = replicas.map(({ log }) => log.head())
    return heads.some((head) => head.length === length) && heads.every((head) => head.sealedGeneration <= generation)
  }

  async #check({ core, process }: SimFrontEnd, isOff: () => boolean): Promise<void> {
    const { life } = process
    if (!core || !life) return
    const number = this.#published() - 1
    const { clock } = life.runtime
    const nothing = { kind: 'nothing' } as const
    const [order, stock] = await Promise.all([
      within(clock, ANSWERED_WITHIN_MS, core.find(number, 0), nothing),
      within(clock, ANSWERED_WITHIN_MS, core.stocks.find('tesla'), nothing),
    ])
    if (isOff() || process.life !== life) return
    if (order.kind !== 'found') this.#violated(`15: all disks are full, and ${process.name} says of order ${number}: ${order.kind}`)
    if (stock.kind !== 'found') this.#violated(`15: all disks are full, and ${process.name} says of a stock: ${stock.kind}`)
  }
}
