import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import type { OrderRequest } from '../src/domain/order.ts'
import { recordedKey } from '../src/frontend/idempotency-key.ts'
import type { FrontEnd } from '../src/frontend/front-end.ts'
import { fingerprintOf } from '../src/wire/order-requests.ts'
import { describe, type Operation, type OrderRead, type Place, type StockRead } from '../test/checkers/history.ts'
import type { SimFrontEnd } from './cluster.ts'
import type { LedgerChecks } from './ledger-checks.ts'
import type { Life } from './process.ts'
import type { World } from './world.ts'

const THINK_MAX_MS = 40
/** How long a client waits. A front end answers everything within about 5 s, unless it has vanished. */
const PATIENCE_MS = 6_000
const ALL_NAMES = [...OPENING_CATALOGUE.map((stock) => stock.name), 'no such stock']
/** Most calls are about these few stocks, so that trades and reads of one stock meet. */
const HOT_NAMES = ALL_NAMES.slice(0, 3)

export interface ClientOptions {
  /** The part of its calls that are orders. */
  readonly ordersShare: number
  /** False for a client that looks stocks up without waiting for its earlier calls. */
  readonly waits: boolean
  /** True when the client sometimes sends an order again although it knows the answer. */
  readonly repeatsAnswered: boolean
  /** Returns for how long at least nobody asks for anything, in ms; 0 when clients may ask. */
  lullMs(): number
  /** Called when a call begins. Its end and its outcome are filled in later. */
  record(operation: Operation): void
  /** Called when an order was acknowledged or shown just now. */
  shown(number: number, byReplica: boolean): void
  /** The checks that are told what a client learns. */
  readonly ledger: Pick<LedgerChecks, 'shown' | 'toldAbsent' | 'askedAgain'>
  /** The highest order that clients have told each other of. */
  readonly heard: { number: number }
  /** Keys that front ends have made. */
  readonly madeKeys: Set<string>
  violated(what: string): void
}

/** A client that trades and looks, one call at a time. When it got no answer to an order, it repeats the order with its key. */
export class Client {
  readonly #world: World
  readonly #id: number
  readonly #frontEnds: readonly SimFrontEnd[]
  readonly #options: ClientOptions
  #keys = 0
  readonly #askedKeys = new Set<string>()
  #unknown: OrderRequest | undefined
  #seen = 0
  #stopped = false
  #underWay = 0

  constructor(world: World, id: number, frontEnds: readonly SimFrontEnd[], options: ClientOptions) {
    this.#world = world
    this.#id = id
    this.#frontEnds = frontEnds
    this.#options = options
    this.#next()
  }

  get busy(): boolean {
    return this.#underWay > 0
  }

  stop(): void {
    this.#stopped = true
  }

  #next(): void {
    const { scheduler, random } = this.#world
    scheduler.after(this.#options.lullMs() + random.next() * THINK_MAX_MS, () => {
      if (this.#stopped) return
      if (this.#options.lullMs() > 0) this.#next()
      else this.#call()
    })
  }

  #call(): void {
    const { random } = this.#world
    // Some clients keep to one front end. So when one front end is silent, not all clients wait for it.
    const frontEnd = this.#frontEnds[this.#id - 1] ?? random.pick(this.#frontEnds)
    const life = frontEnd.process.life
    if (!life || !frontEnd.core) return this.#next()
    if (!this.#options.waits) {
      this.#stock(frontEnd, life)
      return this.#next()
    }
    const choice = random.next()
    if (choice < this.#options.ordersShare) this.#place(frontEnd, life)
    else if (choice < (1 + this.#options.ordersShare) / 1.75) this.#stock(frontEnd, life)
    else this.#order(frontEnd, life)
  }

  #place(frontEnd: SimFrontEnd, life: Life): void {
    const { random } = this.#world
    const request = this.#unknown ?? this.#newRequest(frontEnd)
    // Sometimes a client sends its order again although it has the answer.
    this.#unknown = this.#options.repeatsAnswered && random.chance(0.2) ? request : undefined
    const { key, name, type, quantity } = request
    const { ledger } = this.#options
    const isNew = !this.#askedKeys.has(key)
    this.#askedKeys.add(key)
    ledger.askedAgain(key)
    const start = this.#world.scheduler.nowMs
    this.#run(
      life,
      { kind: 'place', key, name, type, quantity },
      async (): Promise<Place['outcome']> => {
        const placed = await frontEnd.core!.orders.place(request)
        if (placed.kind === 'unknown') {
          if (placed.error === 'MAY_HAVE_BEEN_PLACED') this.#unknown = request
          else if (isNew) ledger.toldAbsent(key, 'not placed', start)
          return { kind: 'unknown' }
        }
        if (placed.outcome.kind === 'rejected') ledger.toldAbsent(key, 'rejected', start)
        if (placed.outcome.kind === 'accepted') {
          this.#seen = Math.max(this.#seen, placed.outcome.number)
          this.#options.heard.number = Math.max(this.#options.heard.number, placed.outcome.number)
          this.#options.shown(placed.outcome.number, true)
        }
        return placed.outcome
      },
      request,
    )
  }

  #newRequest(frontEnd: SimFrontEnd): OrderRequest {
    const { random } = this.#world
    const name = this.#name()
    const type = random.chance(0.6) ? 'buy' : 'sell'
    const quantity = random.chance(0.2) ? random.int(2_000) : 1 + random.int(100)
    // Sometimes a client takes a key again for another order.
    const reused = this.#options.repeatsAnswered && this.#keys > 0 && random.chance(0.03)
    const own = `${this.#id}-${reused ? 1 + random.int(this.#keys) : ++this.#keys}`
    // When the client sends no key, the front end makes one. The client may later come back with that key.
    const key = recordedKey(random.chance(0.1) ? this.#madeKey(frontEnd.core!) : own)
    return { key, fingerprint: fingerprintOf(name, type, quantity), name, type, quantity }
  }

  #madeKey({ keys }: FrontEnd): string {
    const key = keys.next()
    if (this.#options.madeKeys.has(key)) this.#options.violated(`4: front ends made the key ${key} twice`)
    this.#options.madeKeys.add(key)
    return key
  }

  #name(): string {
    const { random } = this.#world
    return random.pick(random.chance(0.8) ? HOT_NAMES : ALL_NAMES)
  }

  #stock(frontEnd: SimFrontEnd, life: Life): void {
    const name = this.#name()
    this.#run(life, { kind: 'stock', name }, async (): Promise<StockRead['outcome']> => {
      const found = await frontEnd.core!.stocks.find(name)
      if (found.kind === 'unavailable') return { kind: 'unknown' }
      if (found.kind === 'not-found') return found
      const { priceCents, quantity, volume } = found.stock
      this.#options.ledger.shown(name, volume)
      return { kind: 'found', price: priceCents / 100, quantity, volume }
    })
  }

  #order(frontEnd: SimFrontEnd, life: Life): void {
    const { random } = this.#world
    const { heard } = this.#options
    const near = random.chance(0.5) ? heard.number : Math.max(0, this.#seen + 4 - random.int(9))
    const number = random.chance(0.6) ? near : random.int(this.#seen + 1)
    this.#run(life, { kind: 'order', number }, async (): Promise<OrderRead['outcome']> => {
      const found = await frontEnd.core!.find(number, 0)
      if (found.kind === 'unavailable') return { kind: 'unknown' }
      const entry = found.kind === 'found' ? found.entries[0] : undefined
      if (!entry) return { kind: 'not-found' }
      const { name, type, quantity } = entry
      this.#options.shown(entry.number, false) // While nobody leads, it was the catalogue that told of the order.
      return { kind: 'found', name, type, quantity }
    })
  }

  /** Runs one call inside the front end's life. When the life ends, the client hears nothing more. */
  #run(life: Life, call: object, ask: () => Promise<Operation['outcome']>, request?: OrderRequest): void {
    const { scheduler } = this.#world
    const operation = { start: scheduler.nowMs, end: Infinity, outcome: { kind: 'unknown' }, ...call } as Operation
    const answered = operation as { -readonly [K in 'end' | 'outcome']: Operation[K] }
    this.#options.record(operation)
    this.#world.trace(() => `client ${this.#id} asks ${life.process.name}: ${describe(operation)}`)
    this.#underWay += 1
    let over = false
    const finish = (outcome: Operation['outcome'] | undefined) => {
      if (over) return
      over = true
      this.#underWay -= 1
      if (outcome !== undefined) {
        answered.end = scheduler.nowMs
        answered.outcome = outcome
      } else if (operation.kind === 'place') this.#unknown = request
      this.#world.trace(() => `client ${this.#id} ${outcome ? 'learns' : 'gives up'}: ${describe(operation)}`)
      if (this.#options.waits) this.#next()
    }
    const lost = () => scheduler.after(0.1, () => finish(undefined))
    life.onEnd(lost)
    scheduler.after(PATIENCE_MS, () => {
      if (over) return
      if (life.hasRunSince(operation.start)) this.#options.violated(`13: no answer within ${PATIENCE_MS} ms: ${describe(operation)}`)
      finish(undefined)
    })
    life.enter(() => {
      ask().then((outcome) => {
        if (life.alive && !life.paused) finish(outcome)
        else life.enter(() => finish(outcome))
      })
    })
  }
}
