import { signal } from '@preact/signals'
import { newKey, ordersApi } from './orders-api.ts'
import { Witness, type WitnessCounts, type WitnessOrder } from './witness.ts'

const EVERY_MS = 200
const UNDER_WAY_MAX = 8
/** How long orders run before everything is killed. */
const LEAD_MS = 1_500
const LOOK_MS = 200
const KEPT_MAX = 2_000
const KEPT_AS = 'bazaar-witness'
const PAINT_MS = 250

/** Facts about the system that the run needs. */
export interface Surroundings {
  /** Id of the cluster; '' while unknown. */
  readonly cluster: () => string
  /** Stock to trade; undefined while none is known. */
  readonly stock: () => string | undefined
  readonly isTrading: () => boolean
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs the witness of this tab: a gentle stream of orders, one share sold and one bought in turn, and reads in between. */
export class WitnessRun {
  readonly isOn = signal(false)
  readonly isReading = signal(false)
  readonly counts = signal<WitnessCounts | null>(null)
  /** Words of the last verdict, and whether all was well. */
  readonly verdict = signal<{ readonly words: string; readonly isGood: boolean } | null>(null)
  readonly #around: Surroundings
  #witness: Witness | undefined
  #painting = false
  #reads = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  start(): void {
    if (this.isOn.value) return
    this.isOn.value = true
    void this.#trade()
  }

  stop(): void {
    this.isOn.value = false
  }

  /** Goes on with the orders that this tab placed before a reload. Call it once the cluster is known. */
  recall(): void {
    if (this.#witness) return
    const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? 'null') as { cluster: string; orders: WitnessOrder[] } | null
    if (kept?.cluster !== this.#around.cluster() || kept.orders.length === 0) return
    this.#witness = this.#newWitness(kept.orders)
    this.#paint()
  }

  /** Returns the witness's order with this number. */
  orderWith(number: number): WitnessOrder | undefined {
    return this.#witness?.orderWith(number)
  }

  /** Reads all orders again, and says what came out. */
  async readAll(): Promise<void> {
    const witness = this.#witness
    if (!witness || this.isReading.value) return
    this.isReading.value = true
    const unanswered = await witness.readAll()
    this.isReading.value = false
    const { acknowledged, there, lost, doubled } = witness.counts()
    const open = unanswered === 0 ? '' : ` ${unanswered} could not be asked for.`
    const words = `${there} of ${acknowledged} still there, ${doubled === 0 ? 'none' : doubled} twice.${open}`
    this.verdict.value = { words, isGood: lost === 0 && doubled === 0 && there === acknowledged }
    this.#paint()
  }

  /** Kills everything with orders under way, waits until the system trades again, and reads every order. */
  async trial(kill: () => Promise<unknown>): Promise<void> {
    const wasOn = this.isOn.value
    this.start()
    await sleep(LEAD_MS)
    await kill()
    this.verdict.value = { words: 'Everything was killed. Orders are repeated until they are decided.', isGood: true }
    do await sleep(LOOK_MS)
    while (!this.#around.isTrading())
    await sleep(LEAD_MS)
    if (!wasOn) this.stop()
    while (this.#witness && this.#witness.counts().underWay > 0 && !this.isOn.value) await sleep(LOOK_MS)
    await this.readAll()
  }

  async #trade(): Promise<void> {
    for (let at = 0; this.isOn.value; at += 1) {
      const name = this.#around.stock()
      if (name !== undefined) {
        this.#witness ??= this.#newWitness([])
        const hasRoom = this.#witness.counts().underWay < UNDER_WAY_MAX
        if (hasRoom) void this.#witness.place({ name, type: at % 2 === 0 ? 'sell' : 'buy', quantity: 1 })
        void this.#readOne(this.#witness)
      }
      await sleep(EVERY_MS)
    }
  }

  /** Reads one order, the oldest after the newest in turn. */
  async #readOne(witness: Witness): Promise<void> {
    const known = witness.orders.filter(({ number }) => number !== undefined)
    const order = known[this.#reads % Math.max(1, known.length)]
    this.#reads += 1
    if (order) await witness.read(order)
  }

  #newWitness(orders: readonly WitnessOrder[]): Witness {
    return new Witness(
      { api: ordersApi, newKey: () => newKey('witness'), nowMs: () => performance.now(), sleep, changed: () => this.#paint() },
      orders,
    )
  }

  /** Shows the counts and keeps the orders, a few times a second at most. */
  #paint(): void {
    if (this.#painting) return
    this.#painting = true
    setTimeout(() => {
      this.#painting = false
      if (!this.#witness) return
      this.counts.value = this.#witness.counts()
      const orders = this.#witness.orders.filter(({ number }) => number !== undefined).slice(-KEPT_MAX)
      sessionStorage.setItem(KEPT_AS, JSON.stringify({ cluster: this.#around.cluster(), orders }))
    }, PAINT_MS)
  }
}
