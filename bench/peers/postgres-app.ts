import type { StockData } from '../../src/http/types.ts'
import { stocksOf } from '../load/stocks.ts'
import { pause } from '../run/child.ts'
import { contractApp, type Market } from './contract-app.ts'
import { checked, type OrderBody, type Refusal } from './market.ts'
import { announce } from './server-process.ts'

/**
 * A trading back end on PostgreSQL: fastify, a pool of connections, and an order in one of two ways. "transaction" is what most
 * people would write, with a round trip for each of its five statements. "statement" sends the whole order at once. The
 * arguments are the URL of the package `pg`, the port of the database, its user, the way, and perhaps a file of stocks.
 */

type Row = Readonly<Record<string, string | number>>
interface Query {
  /** A statement with a name is prepared once for each connection. */
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

const READY_MS = 20_000

const [url = '', port = '', user = '', wayName = '', stocksPath] = process.argv.slice(2)

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
const PLACE = {
  name: 'place',
  text: `WITH updated AS (
      UPDATE stocks SET quantity = quantity + $2::bigint, volume = volume + $3::integer
      WHERE name = $1 AND quantity + $2::bigint >= 0 RETURNING name)
    INSERT INTO orders (name, type, quantity) SELECT name, $4::text, $3::integer FROM updated RETURNING number`,
}
const FIND = { name: 'find', text: 'SELECT name, price_cents, quantity FROM stocks WHERE name = $1' }

/** How an order gets into the database. */
interface Way {
  readonly connections: number
  place(pool: Pool, body: OrderBody): Promise<number | Refusal>
}

/**
 * The two ways, each with its number of connections. Whoever trades a stock holds its row until the commit is on disk. A
 * transaction also holds the row for five round trips. With more connections, more of them would only wait for the same ten
 * rows. A statement holds the row for little more than the sync, which serves all rows that are held at the time. 40
 * statements under way reach most of the ten rows. The server's usual limit of 100 connections is far away.
 */
const WAYS: Readonly<Record<string, Way>> = {
  transaction: { connections: 20, place: placeInTransaction },
  statement: { connections: 40, place: placeInStatement },
}

class PostgresMarket implements Market {
  readonly #pool: Pool
  readonly #way: Way

  constructor(pool: Pool, way: Way) {
    this.#pool = pool
    this.#way = way
  }

  place(body: OrderBody): Promise<number | Refusal> {
    return this.#way.place(this.#pool, body)
  }

  async find(name: string): Promise<StockData | undefined> {
    const row = await rowOf(this.#pool, name)
    return row && { name, price: Number(row['price_cents']) / 100, quantity: Number(row['quantity']) }
  }
}

async function rowOf(pool: Pool, name: string): Promise<Row | undefined> {
  const { rows } = await pool.query({ ...FIND, values: [name] })
  return rows[0]
}

async function placeInTransaction(pool: Pool, body: OrderBody): Promise<number | Refusal> {
  const session = await pool.connect()
  try {
    await session.query('BEGIN')
    const placed = await placeIn(session, body)
    await session.query(typeof placed === 'number' ? 'COMMIT' : 'ROLLBACK')
    session.release()
    return placed
  } catch (error) {
    session.release(error) // Its state is unknown, so the pool closes it.
    throw error
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

/** Places an order in one statement, which is a transaction by itself. Only a refusal needs a second one, to tell why. */
async function placeInStatement(pool: Pool, body: OrderBody): Promise<number | Refusal> {
  const { name } = body
  const order = checked(body)
  if (typeof order !== 'string') {
    const { type, quantity } = order
    const change = type === 'buy' ? -quantity : quantity
    const { rows } = await pool.query({ ...PLACE, values: [name, change, quantity, type] })
    if (rows[0]) return Number(rows[0]['number'])
  }
  if (!(await rowOf(pool, name))) return 'STOCK_NOT_FOUND'
  return typeof order === 'string' ? order : 'NOT_ENOUGH'
}

/** Makes the tables. Tries again while the server has just been started, and refuses connections or says that it is starting up. */
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

const way = WAYS[wayName]
if (!way) throw new Error(`unknown way: ${wayName}`)
const { default: pg } = (await import(url)) as Pg
const server = { host: '127.0.0.1', port: Number(port), user, database: 'postgres' }
const pool = new pg.Pool({ ...server, max: way.connections, idleTimeoutMillis: 0 })
pool.on('error', () => {}) // Idle connections end with the server. The next query reports it.
await makeSchema(pool)
const app = contractApp(new PostgresMarket(pool, way))
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
