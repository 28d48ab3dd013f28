import type { StockData } from '../../src/http/types.ts'
import { stocksOf } from '../load/stocks.ts'
import { contractApp, type Market } from './contract-app.ts'
import { checked, type OrderBody, type Refusal } from './market.ts'
import { announce } from './server-process.ts'

/**
 * A trading back end on Redis. A script decides an order, and WAIT holds the answer back until every replica has the order.
 * Orders that come together share one WAIT. The arguments are the URL of the package `ioredis`, the primary's port, and perhaps
 * a file of stocks.
 */

interface Pipeline {
  placeOrder(...keysAndArguments: (string | number)[]): Pipeline
  wait(replicas: number, timeoutMs: number): Pipeline
  exec(): Promise<readonly (readonly [Error | null, unknown])[]>
}
interface Connection {
  defineCommand(name: string, definition: { readonly numberOfKeys: number; readonly lua: string }): void
  pipeline(): Pipeline
  hset(key: string, values: Readonly<Record<string, number>>): Promise<unknown>
  hmget(key: string, ...fields: string[]): Promise<readonly (string | null)[]>
}
interface Ioredis {
  readonly Redis: new (options: object) => Connection
}

const REPLICAS = 2
const WAIT_MS = 5_000
/** Connections for orders. One stands still while it waits for the replicas; the next orders take another. Lookups have their own. */
const CONNECTIONS = 4
const NOT_FOUND = -1
const NOT_ENOUGH = -4

/** A script that returns the order's number, or a negative code. It is atomic, so numbers are dense. */
const PLACE = `
local level = redis.call('HGET', KEYS[1], 'quantity')
if not level then return ${NOT_FOUND} end
if tonumber(level) + tonumber(ARGV[1]) < 0 then return ${NOT_ENOUGH} end
redis.call('HINCRBY', KEYS[1], 'quantity', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'volume', ARGV[2])
local number = redis.call('INCR', KEYS[2]) - 1
redis.call('HSET', 'order:' .. number, 'name', ARGV[3], 'type', ARGV[4], 'quantity', ARGV[2])
return number`

interface Waiting {
  readonly name: string
  readonly type: string
  readonly quantity: number
  readonly settle: (code: number) => void
  readonly fail: (error: unknown) => void
}

class RedisMarket implements Market {
  readonly #connections: readonly Connection[]
  readonly #lookups: Connection
  #waiting: Waiting[] = []
  #next = 0

  constructor(connections: readonly Connection[], lookups: Connection) {
    this.#connections = connections
    this.#lookups = lookups
  }

  async place(body: OrderBody): Promise<number | Refusal> {
    const order = checked(body)
    if (typeof order === 'string') return order
    const code = await new Promise<number>((settle, fail) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush())
      this.#waiting.push({ name: body.name, ...order, settle, fail })
    })
    if (code === NOT_FOUND) return 'STOCK_NOT_FOUND'
    return code === NOT_ENOUGH ? 'NOT_ENOUGH' : code
  }

  async find(name: string): Promise<StockData | undefined> {
    const [price, quantity] = await this.#lookups.hmget(stockKey(name), 'price_cents', 'quantity')
    return price && quantity ? { name, price: Number(price) / 100, quantity: Number(quantity) } : undefined
  }

  #flush(): void {
    const batch = this.#waiting
    this.#waiting = []
    this.#send(batch).catch((error: unknown) => {
      for (const { fail } of batch) fail(error)
    })
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const pipeline = this.#connection().pipeline()
    for (const { name, type, quantity } of batch) {
      const change = type === 'buy' ? -quantity : quantity
      pipeline.placeOrder(stockKey(name), 'orders', change, quantity, name, type)
    }
    const results = await pipeline.wait(REPLICAS, WAIT_MS).exec()
    const copies = results.at(-1)?.[1]
    if (typeof copies !== 'number' || copies < REPLICAS) throw new Error(`only ${copies} replicas have the order`)
    batch.forEach(({ settle, fail }, at) => {
      const [error, code] = results[at] ?? [new Error('no answer'), 0]
      if (error) fail(error)
      else settle(Number(code))
    })
  }

  #connection(): Connection {
    this.#next = (this.#next + 1) % this.#connections.length
    return this.#connections[this.#next]!
  }
}

const stockKey = (name: string): string => `stock:${name}`

const [url = '', port = '', stocksPath] = process.argv.slice(2)
const { Redis } = (await import(url)) as Ioredis
const connect = () => new Redis({ host: '127.0.0.1', port: Number(port) })
const connections = Array.from({ length: CONNECTIONS }, connect)
const lookups = connect()
for (const connection of connections) connection.defineCommand('placeOrder', { numberOfKeys: 2, lua: PLACE })
const stored = stocksOf(stocksPath).map(({ name, priceCents, quantity, volume }) =>
  lookups.hset(stockKey(name), { price_cents: priceCents, quantity, volume }),
)
await Promise.all(stored)
const app = contractApp(new RedisMarket(connections, lookups))
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
