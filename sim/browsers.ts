import type { StockListData } from '../src/http/types.ts'
import { describe, type ListRead, type Operation, type OrderRead, type StockRead } from '../test/checkers/history.ts'
import type { SimFrontEnd } from './cluster.ts'
import type { Life } from './process.ts'
import type { World } from './world.ts'

const THINK_MAX_MS = 120
const LISTING_MAX = 6
/** Listings that a browser asks for at once, now and then. */
const BURST = 10
/** A client that leaves does so within this time. */
const STAYS_MAX_MS = 1_500
/** Time in which the work for a client may end after it has left: one try of a question, by a slow clock. */
const TRY_MAX_MS = 3_000

export interface BrowserOptions {
  /** Returns for how long at least nobody asks for anything, in ms; 0 when clients may ask. */
  lullMs(): number
  /** Called when a call begins. Its end and its outcome are filled in later. */
  record(operation: Operation): void
  /** Called when an order was shown just now. */
  shown(number: number, byReplica: boolean): void
  violated(what: string): void
}

/** A client that asks for much, listings of orders and all stocks, without waiting. It may leave before the answer. */
export class Browser {
  readonly #world: World
  readonly #id: number
  readonly #frontEnds: readonly SimFrontEnd[]
  readonly #options: BrowserOptions
  #seen = 0
  #stopped = false
  #underWay = 0

  constructor(world: World, id: number, frontEnds: readonly SimFrontEnd[], options: BrowserOptions) {
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
      if (this.#options.lullMs() > 0) return this.#next()
      const frontEnd = random.pick(this.#frontEnds)
      const { life } = frontEnd.process
      if (life && frontEnd.core) this.#ask(frontEnd, life)
      this.#next()
    })
  }

  #ask(frontEnd: SimFrontEnd, life: Life): void {
    const choice = this.#world.random.next()
    if (choice < 0.05) for (let asked = 0; asked < BURST; asked += 1) this.#list(frontEnd, life)
    else if (choice < 0.5) this.#list(frontEnd, life)
    else if (choice < 0.7) this.#stocks(frontEnd, life)
    else this.#orderOrLeave(frontEnd, life)
  }

  #list(frontEnd: SimFrontEnd, life: Life): void {
    const { random } = this.#world
    const after = random.int(this.#seen + 2) - 1
    const limit = 1 + random.int(LISTING_MAX)
    const listing = this.#begin<ListRead>({ kind: 'list', after, limit })
    this.#run(life, async () => {
      const found = await frontEnd.core!.find(after + 1, limit)
      if (found.kind !== 'found') return
      for (const { number } of found.entries) {
        this.#seen = Math.max(this.#seen, number)
        this.#options.shown(number, false)
      }
      const orders = found.entries.map(({ number, name, type, quantity }) => ({ number, name, type, quantity }))
      this.#end(listing, { kind: 'found', orders })
    })
  }

  /** Asks for all stocks at one moment. The answer counts as a read of each of them. */
  #stocks(frontEnd: SimFrontEnd, life: Life): void {
    const start = this.#world.scheduler.nowMs
    this.#run(life, async () => {
      const json = await frontEnd.core!.stocks.all({ isGone: false })
      if (!json) return
      const { stocks } = (JSON.parse(json.toString()) as { data: StockListData }).data
      for (const { name, price, quantity, volume } of stocks) {
        const outcome: StockRead['outcome'] = { kind: 'found', price, quantity, volume }
        this.#options.record({ kind: 'stock', name, start, end: this.#world.scheduler.nowMs, outcome })
      }
    })
  }

  /** Asks for one order. Half of the askers leave before the answer. After that, nothing may be asked for them any more. */
  #orderOrLeave(frontEnd: SimFrontEnd, life: Life): void {
    const { random, scheduler } = this.#world
    const number = random.int(this.#seen + 3)
    const leaves = random.chance(0.5)
    const read = this.#begin<OrderRead>({ kind: 'order', number }, leaves)
    const asker = { isGone: false }
    let isOver = false
    if (leaves) {
      scheduler.after(random.next() * STAYS_MAX_MS, () => {
        const leftAt = scheduler.nowMs
        asker.isGone = true
        scheduler.after(TRY_MAX_MS, () => {
          if (!isOver && life.hasRunSince(leftAt))
            this.#options.violated(`14: ${life.process.name} goes on asking for one who left ${TRY_MAX_MS} ms ago`)
        })
      })
    }
    this.#run(life, async () => {
      const found = await frontEnd.core!.find(number, 0, asker)
      isOver = true
      if (found.kind === 'unavailable') return
      const entry = found.kind === 'found' ? found.entries[0] : undefined
      if (leaves) this.#options.record(read)
      if (!entry) return this.#end(read, { kind: 'not-found' })
      const { name, type, quantity } = entry
      this.#options.shown(number, false)
      this.#end(read, { kind: 'found', name, type, quantity })
    })
  }

  /** Begins a call. When its client may leave, nobody knows whether there will be an answer, so an answer counts only if it comes. */
  #begin<O extends ListRead | OrderRead>(call: Omit<O, 'start' | 'end' | 'outcome'>, leaves = false): O {
    const operation = { ...call, start: this.#world.scheduler.nowMs, end: Infinity, outcome: { kind: 'unknown' } } as O
    if (!leaves) this.#options.record(operation)
    this.#world.trace(() => `browser ${this.#id} asks: ${describe(operation)}`)
    return operation
  }

  #end<O extends ListRead | OrderRead>(operation: O, outcome: O['outcome']): void {
    Object.assign(operation, { end: this.#world.scheduler.nowMs, outcome })
    this.#world.trace(() => `browser ${this.#id} learns: ${describe(operation)}`)
  }

  /** Runs a call inside the front end's life. When the life ends, nothing more is heard of the call. */
  #run(life: Life, ask: () => Promise<void>): void {
    this.#underWay += 1
    let isOver = false
    const finish = () => {
      if (isOver) return
      isOver = true
      this.#underWay -= 1
    }
    life.onEnd(finish)
    life.enter(() => void ask().then(finish))
  }
}
