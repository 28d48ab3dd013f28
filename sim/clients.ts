import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import type { OrderRequest } from '../src/domain/order.ts'
import { fingerprintOf } from '../src/rpc/single-calls.ts'
import type { SimFrontEnd } from './cluster.ts'
import type { Life, World } from './process.ts'

/** One call of a client, as it saw it. Times are simulated milliseconds; `end` is Infinity when no answer came. */
export type Operation = { readonly client: number; readonly start: number; end: number; readonly frontEnd: string } & (
  | { readonly kind: 'place'; readonly request: OrderRequest; outcome: PlaceOutcome }
  | { readonly kind: 'stock'; readonly name: string; outcome: StockOutcome }
  | { readonly kind: 'order'; readonly number: number; outcome: OrderOutcome }
)

export type PlaceOutcome =
  | { readonly kind: 'accepted'; readonly number: number; readonly replayed: boolean }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'unknown'; readonly error: string }
export type StockOutcome =
  | { readonly kind: 'found'; readonly priceCents: number; readonly quantity: number; readonly volume: number }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'unknown' }
export type OrderOutcome =
  | { readonly kind: 'found'; readonly name: string; readonly type: string; readonly quantity: number; readonly key: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'unknown' }

const THINK_MAX_MS = 40
/** A client whose front end vanished gives up on the answer. */
const PATIENCE_MS = 7_000
const NAMES = [...OPENING_CATALOGUE.map((stock) => stock.name), 'no such stock']

/** A client that trades and looks, one call at a time, and repeats what it could not learn with the same key. */
export class Client {
  readonly #world: World
  readonly #id: number
  readonly #frontEnds: readonly SimFrontEnd[]
  readonly #record: (operation: Operation) => void
  #keys = 0
  #unknown: OrderRequest | undefined
  #seen = 0
  #stopped = false
  busy = false

  constructor(world: World, id: number, frontEnds: readonly SimFrontEnd[], record: (operation: Operation) => void) {
    this.#world = world
    this.#id = id
    this.#frontEnds = frontEnds
    this.#record = record
    this.#next()
  }

  stop(): void {
    this.#stopped = true
  }

  #next(): void {
    const { scheduler, random } = this.#world
    scheduler.after(random.next() * THINK_MAX_MS, () => {
      if (!this.#stopped) this.#call()
    })
  }

  #call(): void {
    const { random } = this.#world
    const frontEnd = random.pick(this.#frontEnds)
    const life = frontEnd.process.life
    if (!life || !frontEnd.core) return this.#next()
    const choice = random.next()
    if (choice < 0.5) this.#place(frontEnd, life)
    else if (choice < 0.8) this.#stock(frontEnd, life)
    else this.#order(frontEnd, life)
  }

  #place(frontEnd: SimFrontEnd, life: Life): void {
    const { random } = this.#world
    const request = this.#unknown ?? this.#newRequest()
    // Sometimes a client sends its order again although it has the answer.
    this.#unknown = random.chance(0.1) ? request : undefined
    this.#run(life, { kind: 'place', request }, async (): Promise<PlaceOutcome> => {
      const placed = await frontEnd.core!.orders.place(request)
      if (placed.kind === 'unknown') {
        if (placed.error === 'MAY_HAVE_BEEN_PLACED') this.#unknown = request
        return { kind: 'unknown', error: placed.error }
      }
      if (placed.outcome.kind === 'accepted') this.#seen = Math.max(this.#seen, placed.outcome.number)
      return placed.outcome
    })
  }

  #newRequest(): OrderRequest {
    const { random } = this.#world
    const name = random.pick(NAMES)
    const type = random.chance(0.6) ? 'buy' : 'sell'
    const quantity = random.chance(0.1) ? random.int(2_000) : 1 + random.int(100)
    const key = `c:${this.#id}-${++this.#keys}`
    return { key, fingerprint: fingerprintOf(name, type, quantity), name, type, quantity }
  }

  #stock(frontEnd: SimFrontEnd, life: Life): void {
    const name = this.#world.random.pick(NAMES)
    this.#run(life, { kind: 'stock', name }, async (): Promise<StockOutcome> => {
      const found = await frontEnd.core!.stocks.find(name)
      if (found.kind === 'unavailable') return { kind: 'unknown' }
      return found.kind === 'found' ? { ...found.stock, kind: 'found' } : found
    })
  }

  #order(frontEnd: SimFrontEnd, life: Life): void {
    const number = this.#world.random.int(this.#seen + 5)
    this.#run(life, { kind: 'order', number }, async (): Promise<OrderOutcome> => {
      const found = await frontEnd.core!.find(number, 0)
      if (found.kind === 'unavailable') return { kind: 'unknown' }
      const entry = found.kind === 'found' ? found.entries[0] : undefined
      return entry ? { ...entry, kind: 'found' } : { kind: 'not-found' }
    })
  }

  /** Runs one call inside the front end's life; when that ends, the client hears nothing more. */
  #run(life: Life, call: object, ask: () => Promise<Operation['outcome']>): void {
    const { scheduler } = this.#world
    const operation = {
      client: this.#id,
      frontEnd: life.process.name,
      start: scheduler.nowMs,
      end: Infinity,
      outcome: { kind: 'unknown', error: 'no answer' },
      ...call,
    } as Operation
    this.#record(operation)
    this.busy = true
    let over = false
    const finish = (outcome: unknown) => {
      if (over) return
      over = true
      this.busy = false
      if (outcome !== undefined) {
        operation.end = scheduler.nowMs
        ;(operation as { outcome: unknown }).outcome = outcome
      } else if (operation.kind === 'place') this.#unknown = operation.request
      this.#next()
    }
    const lost = () => scheduler.after(0.1, () => finish(undefined))
    life.onEnd(lost)
    scheduler.after(PATIENCE_MS, () => finish(undefined))
    life.enter(() => {
      ask().then((outcome) => {
        if (life.alive && !life.paused) finish(outcome)
        else life.enter(() => finish(outcome))
      })
    })
  }
}
