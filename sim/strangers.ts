import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import { FOREIGN_KEY_PREFIX } from '../src/domain/order.ts'
import type { Network } from '../src/wire/network.ts'
import { fromWireOutcome, UNKNOWN } from '../src/wire/outcome-codes.ts'
import { describe, type Operation, type OrderRead, type Place, type StockRead } from '../test/checkers/history.ts'
import type { Cluster } from './cluster.ts'
import { Extremes } from './extremes.ts'
import { SimProcess } from './process.ts'
import type { World } from './world.ts'

const THINK_MAX_MS = 150
/** How long a stranger waits for an answer. The services never wait so long for anything. */
const DEADLINE_MS = 6_000
/** More shares than any client ever asks for. So an order of so many was never decided. */
const INVENTED_QUANTITY = 1_000_000

export interface StrangerOptions {
  /** True when trades that no replica has copied yet may be lost. */
  readonly mayLoseUncopied: boolean
  /** Returns for how long at least nobody asks for anything, in ms; 0 when clients may ask. */
  lullMs(): number
  record(operation: Operation): void
  /** Called when an order was acknowledged or shown just now. */
  shown(number: number, byReplica: boolean): void
  violated(what: string): void
}

/** A client of another make. It knows only the contract's single calls, and sends them to any process. */
export class Stranger {
  readonly #world: World
  readonly #cluster: Cluster
  readonly #network: Network
  readonly #extremes: Extremes
  readonly #options: StrangerOptions
  readonly #id: number
  #keys = 0
  #seen = 0
  #stopped = false
  #busy = 0

  constructor(world: World, id: number, cluster: Cluster, options: StrangerOptions) {
    this.#world = world
    this.#cluster = cluster
    this.#options = options
    this.#id = id
    const process = new SimProcess(world, `stranger-${id}`, `stranger-${id}:1`, async () => {})
    process.start()
    this.#network = world.network.for(process.life!)
    this.#extremes = new Extremes(world, this.#network, cluster)
    this.#next()
  }

  get busy(): boolean {
    return this.#busy > 0
  }

  stop(): void {
    this.#stopped = true
  }

  #next(): void {
    const { scheduler, random } = this.#world
    scheduler.after(this.#options.lullMs() + random.next() * THINK_MAX_MS, () => {
      if (this.#stopped) return
      if (this.#options.lullMs() > 0) return this.#next()
      this.#call()
      this.#next()
    })
  }

  #call(): void {
    const back = this.#cameBackWithTail()
    if (back !== undefined && this.#world.random.chance(0.6)) return this.#order(back)
    const choice = this.#world.random.next()
    if (choice < 0.25) this.#request()
    else if (choice < 0.45) this.#trade()
    else if (choice < 0.6) this.#stock()
    else if (choice < 0.75) this.#order()
    else if (choice < 0.85) this.#propagate()
    else if (choice < 0.92) this.#synchronize()
    else if (choice < 0.95) this.#assign()
    else this.#extremes.send(this.#replica())
  }

  /**
   * Picks the address of a replica. After the healing, the replica is there: where a machine is gone for good, nobody even
   * refuses. An address that may belong to another system by now is never picked.
   */
  #replica(): string {
    const { healed, remaining, replicas, dismissed } = this.#cluster
    const ours = replicas.filter(({ id }) => !dismissed.has(id))
    return this.#world.random.pick(healed ? remaining : ours).process.address
  }

  /** True when another system may have moved in at the address while a call was on its way. Its answer says nothing of ours. */
  #isDismissed(address: string): boolean {
    const { replicas, dismissed } = this.#cluster
    return replicas.some(({ id, process }) => process.address === address && dismissed.has(id))
  }

  /** Returns a replica that was given up, and came back with a tail that the ledger has overruled. It is asked about orders. */
  #cameBackWithTail(): string | undefined {
    const { healed, overruled, replicas } = this.#cluster
    const back = healed || overruled.size === 0 ? [] : replicas.filter(({ id }) => overruled.has(id))
    return back.length === 0 ? undefined : this.#world.random.pick(back).process.address
  }

  /** Makes an order. Its key is also that of a front end's client, but for the namespace. */
  #newOrder(): { key: string; name: string; type: string; quantity: number } {
    const { random } = this.#world
    const { name } = random.pick(OPENING_CATALOGUE.slice(0, 3))
    const type = random.chance(0.6) ? 'buy' : 'sell'
    return { key: `${this.#id}-${++this.#keys}`, name, type, quantity: random.chance(0.1) ? random.int(2_000) : 1 + random.int(100) }
  }

  #place(order: { key: string; name: string; type: string; quantity: number }, byReplica: boolean, ask: () => Promise<number>): void {
    const call = { kind: 'place', ...order, key: FOREIGN_KEY_PREFIX + order.key }
    this.#run(call, async (): Promise<Place['outcome']> => {
      const outcome = fromWireOutcome({ number: await ask(), replayed: false })
      if (outcome?.kind === 'accepted') {
        this.#seen = Math.max(this.#seen, outcome.number)
        this.#options.shown(outcome.number, byReplica)
      }
      return outcome ?? { kind: 'unknown' }
    })
  }

  #request(): void {
    const order = this.#newOrder()
    const { key, name: stockName, type: tradeType, quantity: stockTradeQuantity } = order
    const replica = this.#replica()
    this.#place(order, true, async () => {
      const request = { stockName, stockTradeQuantity, tradeType, key }
      const { transactionNum } = await this.#network.call(replica, 'Order.Request', request, DEADLINE_MS)
      return this.#isDismissed(replica) ? UNKNOWN : transactionNum
    })
  }

  #trade(): void {
    if (this.#options.mayLoseUncopied) return this.#stock()
    const order = this.#newOrder()
    const { key, name: stockName, type: tradeType, quantity: stockTradeQuantity } = order
    this.#place(order, false, async () => {
      const request = { stockName, stockTradeQuantity, tradeType, key }
      const { resultTrade, orderNum } = await this.#network.call(this.#cluster.catalogue.address, 'Catalog.Trade', request, DEADLINE_MS)
      return resultTrade === 1 ? orderNum : resultTrade
    })
  }

  #stock(): void {
    const { name } = this.#world.random.pick(OPENING_CATALOGUE.slice(0, 3))
    this.#run({ kind: 'stock', name }, async (): Promise<StockRead['outcome']> => {
      const { address } = this.#cluster.catalogue
      const { stockPrice: price, stockQuantity: quantity } = await this.#network.call(
        address,
        'Catalog.Lookup',
        { stockName: name },
        DEADLINE_MS,
      )
      return quantity < 0 ? { kind: 'not-found' } : { kind: 'found', price, quantity }
    })
  }

  #order(asked?: string): void {
    const number = Math.max(0, this.#seen + 6 - this.#world.random.int(20))
    const replica = asked ?? this.#replica()
    this.#run({ kind: 'order', number }, async (): Promise<OrderRead['outcome']> => {
      const found = await this.#network.call(replica, 'Order.Lookup', { orderNum: number }, DEADLINE_MS)
      if (this.#isDismissed(replica)) return { kind: 'unknown' }
      if (found.orderNum < 0) return { kind: 'not-found' }
      this.#options.shown(number, true)
      return { kind: 'found', name: found.stockName, type: found.tradeType, quantity: found.stockTradeQuantity }
    })
  }

  /** Sends an order that the catalogue has not decided. It enters no log. The answer is 0, or none comes. */
  #propagate(): void {
    const { random } = this.#world
    const orderNum = Math.max(0, this.#seen + 6 - random.int(12))
    const order = { orderNum, stockName: OPENING_CATALOGUE[0]!.name, tradeType: 'sell', stockTradeQuantity: INVENTED_QUANTITY }
    const replica = this.#replica()
    void this.#network.call(replica, 'Order.Propagate', order, DEADLINE_MS).then(
      ({ resultPropagate }) => {
        if (resultPropagate !== 0) this.#options.violated(`an invented order ${orderNum} was taken by ${replica}`)
      },
      () => undefined,
    )
  }

  /** Asks for the orders above a number, in its own name, in nobody's, or in that of some process. */
  #synchronize(): void {
    const { random } = this.#world
    const synchronizedAdd = random.pick(['', '', 'stranger-1:1', 'nowhere:1', this.#replica(), this.#cluster.frontEnds[0]!.process.address])
    const replica = this.#replica()
    const orderNum = Math.max(-1, this.#seen - random.int(5))
    const request = { orderNum, synchronizedAdd, overReplicate: false }
    void this.#network.callStreaming(replica, 'Order.Synchronize', request, DEADLINE_MS).then(
      (orders) => {
        if (this.#isDismissed(replica)) return
        for (const { orderNum: number, stockName: name, tradeType: type, stockTradeQuantity: quantity } of orders) {
          this.#options.shown(number, true)
          const { nowMs } = this.#world.scheduler
          this.#options.record({ kind: 'order', number, start: nowMs, end: nowMs, outcome: { kind: 'found', name, type, quantity } })
        }
      },
      () => undefined,
    )
  }

  /** Elects a leader, even when there is one already. */
  #assign(): void {
    const { random, trace } = this.#world
    const replica = this.#replica()
    const followerOne = random.pick(['', this.#replica()])
    const epoch = random.chance(0.7) ? 0 : random.int(40)
    trace(`FAULT a stranger elects ${replica} with follower "${followerOne}" and epoch ${epoch}`)
    const request = { followerOne, followerTwo: '', epoch, clusterId: '', moreFollowers: [] }
    void this.#network.call(replica, 'Order.AssignFollowers', request, DEADLINE_MS).catch(() => undefined)
  }

  #run(call: object, ask: () => Promise<Operation['outcome']>): void {
    const { scheduler, trace } = this.#world
    const operation = { start: scheduler.nowMs, end: Infinity, outcome: { kind: 'unknown' }, ...call } as Operation
    const answered = operation as { -readonly [K in 'end' | 'outcome']: Operation[K] }
    this.#options.record(operation)
    trace(() => `stranger ${this.#id} asks: ${describe(operation)}`)
    this.#busy += 1
    ask()
      .then(
        (outcome) => Object.assign(answered, { end: scheduler.nowMs, outcome }),
        () => undefined,
      )
      .finally(() => {
        this.#busy -= 1
        trace(() => `stranger ${this.#id} learns: ${describe(operation)}`)
      })
  }
}
