import type { StockData } from '../../src/http/types.ts'
import { stocksOf } from '../load/stocks.ts'
import { pause } from '../run/child.ts'
import { contractApp, type Market } from './contract-app.ts'
import { checked, type OrderBody, type Refusal } from './market.ts'
import { announce } from './server-process.ts'

/**
 * The trading back end that most people would write: fastify, a pool of connections, one transaction an order.
 * Started with the URL of the package `pg`, the port of the database, its user, and perhaps a file of stocks.
 */

type Row = Readonly<Record<string, string | number>>
interface Query {
  /** Statements with a name are prepared once a connection. */
  readonly name: string
  readonly text: string
  readonly values?: readonly unknown[]
}
interface Session {
  query(query: Query | string): Promise<{ readonly rows: readonly Row[] }>
}
interface Pool extends Session {
  connect(): Promise<Session & { release(error?: unknown): void }>
  on(event: 'error', listener: () => void): void
}
interface Pg {
  readonly default: { readonly Pool: new (options: object) => Pool }
}

/** More would only wait for the same ten rows. */
const CONNECTIONS = 20
const READY_MS = 20_000

const [url = '', port = '', user = '', stocksPath] = process.argv.slice(2)

const SCHEMA = `
CREATE TABLE stocks (
  name text PRIMARY KEY, price_cents integer NOT NULL,
  quantity bigint NOT NULL CHECK (quantity >= 0), volume bigint NOT NULL);
CREATE TABLE orders (
  number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0),
  name text NOT NULL, type text NOT NULL, quantity integer NOT NULL, time timestamptz NOT NULL DEFAULT now());`
const FILL = {
  name: 'fill',
  text: `INSERT INTO stocks SELECT name, "priceCents", quantity, volume
    FROM json_to_recordset($1) AS stock (name text, "priceCents" integer, quantity bigint, volume bigint)`,
}

const LOCK = { name: 'lock', text: 'SELECT quantity FROM stocks WHERE name = $1 FOR UPDATE' }
const UPDATE = { name: 'update', text: 'UPDATE stocks SET quantity = $2, volume = volume + $3 WHERE name = $1' }
const INSERT = {
  name: 'insert',
  text: 'INSERT INTO orders (name, type, quantity) VALUES ($1, $2, $3) RETURNING number',
}
const FIND = { name: 'find', text: 'SELECT name, price_cents, quantity FROM stocks WHERE name = $1' }

class PostgresMarket implements Market {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async place(body: OrderBody): Promise<number | Refusal> {
    const session = await this.#pool.connect()
    try {
      await session.query('BEGIN')
      const placed = await placeIn(session, body)
      await session.query(typeof placed === 'number' ? 'COMMIT' : 'ROLLBACK')
      session.release()
      return placed
    } catch (error) {
      session.release(error) // What state it is in, nobody knows: the pool closes it.
      throw error
    }
  }

  async find(name: string): Promise<StockData | undefined> {
    const { rows } = await this.#pool.query({ ...FIND, values: [name] })
    const row = rows[0]
    return row && { name, price: Number(row['price_cents']) / 100, quantity: Number(row['quantity']) }
  }
}

async function placeIn(session: Session, body: OrderBody): Promise<number | Refusal> {
  const { name } = body
  const found = await session.query({ ...LOCK, values: [name] })
  const row = found.rows[0]
  if (!row) return 'STOCK_NOT_FOUND'
  const order = checked(body)
  if (typeof order === 'string') return order
  const { type, quantity } = order
  const left = Number(row['quantity']) + (type === 'buy' ? -quantity : quantity)
  if (left < 0) return 'NOT_ENOUGH'
  await session.query({ ...UPDATE, values: [name, left, quantity] })
  const inserted = await session.query({ ...INSERT, values: [name, type, quantity] })
  return Number(inserted.rows[0]?.['number'])
}

/** A server that was started a moment ago refuses connections, or says that it is starting up. */
async function makeSchema(pool: Pool): Promise<void> {
  const deadline = performance.now() + READY_MS
  for (;;) {
    try {
      await pool.query(SCHEMA)
      break
    } catch (error) {
      if (performance.now() > deadline) throw error
      await pause(100)
    }
  }
  await pool.query({ ...FILL, values: [JSON.stringify(stocksOf(stocksPath))] })
}

const { default: pg } = (await import(url)) as Pg
const server = { host: '127.0.0.1', port: Number(port), user, database: 'postgres' }
const pool = new pg.Pool({ ...server, max: CONNECTIONS, idleTimeoutMillis: 0 })
pool.on('error', () => {}) // Idle connections end with the server; whoever asks next is told.
await makeSchema(pool)
const app = contractApp(new PostgresMarket(pool))
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
