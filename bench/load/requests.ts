import { OPENING_CATALOGUE, type Stock } from '../../src/domain/stock.ts'
import { SeededRandom } from '../../test/checkers/seeded-random.ts'
import { WIDE_CATALOGUE } from './stocks.ts'

export interface LoadRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON, or '' for none. */
  readonly body: string
}

/**
 * One kind of work: a fixed cycle of requests, the same for every system and every load generator. One half of a cycle sells what
 * the other half buys, so that stocks neither run out nor grow without end.
 */
export interface Workload {
  readonly name: string
  /** One sentence for the reader of a result. */
  readonly what: string
  /** Orders among the requests, 0..1. */
  readonly ordersShare: number
  readonly cycle: readonly LoadRequest[]
  /** The stocks to sell, for work that needs more than the usual ones. The usual ones are among them. */
  readonly stocks?: readonly Stock[]
}

const HALF_CYCLE = 2_000
const SEED = 7
const QUANTITY_MAX = 100
const NAMES = OPENING_CATALOGUE.map((stock) => stock.name)
/** The stock that everybody looks at. */
const HOT = ['tesla']

const MIX = "the client's mix: a lookup, then an order of the same stock with probability"

export const WORKLOADS: readonly Workload[] = [
  workload('orders', 'orders over ten stocks, buys and sells in balance', { lookups: 0, orders: 1, names: NAMES }),
  workload('lookup-hot', 'lookups of one stock', { lookups: 1, orders: 0, names: HOT }),
  workload('lookup-uniform', 'lookups over ten stocks, all alike', { lookups: 1, orders: 0, names: NAMES }),
  {
    name: 'lookup-wide',
    what: 'lookups over 10,000 stocks, each once, then all again',
    ordersShare: 0,
    cycle: shuffled(WIDE_CATALOGUE).map((stock) => lookUp(stock.name)),
    stocks: WIDE_CATALOGUE,
  },
  workload('mix-20', `${MIX} 0.2`, { lookups: 1, orders: 0.2, names: NAMES }),
  workload('mix-80', `${MIX} 0.8`, { lookups: 1, orders: 0.8, names: NAMES }),
]

/** One round of a client: perhaps a lookup, then an order of the same stock with some probability. */
interface Round {
  readonly lookups: 0 | 1
  readonly orders: number
  readonly names: readonly string[]
}

function workload(name: string, what: string, round: Round): Workload {
  const cycle = [...halfCycle(round, false), ...halfCycle(round, true)]
  const orders = cycle.filter(({ method }) => method === 'POST').length
  return { name, what, ordersShare: orders / cycle.length, cycle }
}

/** Makes one half of a cycle. Both halves draw the same numbers. The `mirrored` one buys where the other one sells. */
function halfCycle({ lookups, orders, names }: Round, mirrored: boolean): LoadRequest[] {
  const random = new SeededRandom(SEED)
  return Array.from({ length: HALF_CYCLE }, () => {
    const name = random.pick(names)
    const sells = random.integer(0, 1) === 0
    const quantity = random.integer(1, QUANTITY_MAX)
    const looksUp = lookups === 1 ? [lookUp(name)] : []
    const trades = random.chance(orders) ? [order(name, sells !== mirrored ? 'sell' : 'buy', quantity)] : []
    return [...looksUp, ...trades]
  }).flat()
}

/** Returns the items in an order that has no pattern and is the same in every run. */
function shuffled<T>(items: readonly T[]): T[] {
  const random = new SeededRandom(SEED)
  const drawn = items.map((item) => ({ item, place: random.next() }))
  return drawn.toSorted((a, b) => a.place - b.place).map(({ item }) => item)
}

/** Returns the request `GET /stocks/<name>`. */
function lookUp(name: string): LoadRequest {
  return { method: 'GET', path: `/stocks/${name}`, body: '' }
}

/** Returns the request `POST /orders`. */
export function order(name: string, type: string, quantity: number): LoadRequest {
  return { method: 'POST', path: '/orders', body: JSON.stringify({ name, quantity, type }) }
}
