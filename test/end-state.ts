import { isDeepStrictEqual } from 'node:util'
import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import type { OrderData, OrderListData, StatusData, StockListData } from '../src/http/types.ts'
import type { Addresses } from './cluster.ts'
import { call } from './contract/conformance/grpc.ts'
import { ask, dataOf } from './contract/conformance/http.ts'
import { eventually, HOPELESS_MS } from './fault/process.ts'

const LISTING = 1000

/**
 * Checks that a system keeps the promise when all faults are over. It does not know what happened before:
 *
 * 1. All replicas hold the catalogue's history (equal lengths and digests), sooner or later.
 * 2. Numbers are dense: 0..n-1, where n is the catalogue's length.
 * 3. Every acknowledged order is in the log with its content, and no number was acknowledged for two orders.
 * 4. Levels are the opening levels plus the log, at the front end and at the catalogue alike.
 *
 * Throws an Error that names the first break. Returns the log.
 */
export async function checkEndState(system: Addresses, acknowledged: readonly OrderData[]): Promise<readonly OrderData[]> {
  const { length } = await untilInSync(system) // 1
  const log = await allOrders(system.frontEnd)
  const wrong = log.findIndex(({ number }, i) => number !== i)
  require(wrong < 0, () => `order ${log[wrong]?.number} is in the place of order ${wrong}`) // 2
  require(log.length === length, () => `${log.length} orders are listed, the catalogue has ${length}`)
  checkAcknowledged(log, acknowledged) // 3
  await checkLevels(system, log) // 4
  return log
}

function checkAcknowledged(log: readonly OrderData[], acknowledged: readonly OrderData[]): void {
  const seen = new Set<number>()
  for (const { number, name, type, quantity } of acknowledged) {
    const expected = { number, name, type, quantity }
    require(!seen.has(number), () => `number ${number} was acknowledged twice`)
    seen.add(number)
    require(isDeepStrictEqual(log[number], expected), () =>
      `acknowledged ${JSON.stringify(expected)}, the log has ${JSON.stringify(log[number])}`)
  }
}

async function checkLevels({ frontEnd, catalogue }: Addresses, log: readonly OrderData[]): Promise<void> {
  const { stocks } = dataOf<StockListData>(await ask(frontEnd, '/stocks'))
  for (const opening of OPENING_CATALOGUE) {
    const orders = log.filter(({ name }) => name === opening.name)
    const expected = {
      name: opening.name,
      price: opening.priceCents / 100,
      quantity: orders.reduce((level, o) => level + (o.type === 'sell' ? o.quantity : -o.quantity), opening.quantity),
      volume: orders.reduce((volume, o) => volume + o.quantity, opening.volume),
    }
    const listed = stocks.find(({ name }) => name === opening.name)
    require(isDeepStrictEqual({ ...listed }, expected), () => `expected ${JSON.stringify(expected)}, listed ${JSON.stringify(listed)}`)
    const { stockQuantity } = await call(catalogue, 'Catalog.Lookup', { stockName: opening.name })
    require(stockQuantity === expected.quantity, () => `the catalogue has ${stockQuantity} ${opening.name}, not ${expected.quantity}`)
  }
}

/** Asks for all orders, page by page. */
async function allOrders(frontEnd: string): Promise<OrderData[]> {
  const all: OrderData[] = []
  for (;;) {
    const after = all.at(-1)?.number ?? -1
    const { orders } = dataOf<OrderListData>(await ask(frontEnd, `/orders?after=${after}&limit=${LISTING}`))
    all.push(...orders)
    if (orders.length < LISTING) return all
  }
}

/** Waits until all processes answer and all copies are the same. Returns the common length and digest. */
async function untilInSync({ frontEnd }: Addresses): Promise<{ length: number; digest: string }> {
  let last: StatusData | undefined
  try {
    return await eventually('all copies are the same', HOPELESS_MS, async () => {
      last = dataOf<StatusData>(await ask(frontEnd, '/status'))
      return commonHistory(last)
    })
  } catch (error) {
    throw new Error(`not in sync: ${JSON.stringify(last)}`, { cause: error })
  }
}

function commonHistory({ catalogue, replicas }: StatusData): { length: number; digest: string } | undefined {
  if (!catalogue.reachable) return undefined
  const { length, digest } = catalogue
  const same = replicas.every((r) => r.reachable && r.length === length && r.digest === digest)
  return same ? { length, digest } : undefined
}

function require(holds: boolean, broken: () => string): asserts holds {
  if (!holds) throw new Error(`end state: ${broken()}`)
}
