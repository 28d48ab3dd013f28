import { OPENING_CATALOGUE, type Stock } from '../../src/domain/stock.ts'
import { WIDE_CATALOGUE } from './stocks.ts'

export interface LoadRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON, or '' for none. */
  readonly body: string
}

/**
 * One kind of work: a fixed cycle of requests, the same for every system and every load generator.
 *
 * L1. What one half of a cycle buys the other half sells, so that stocks neither run out nor grow without end.
 */
export interface Workload {
  readonly name: string
  /** One sentence for the reader of a result. */
  readonly what: string
  /** Orders among the requests, 0..1. */
  readonly ordersShare: number
  readonly cycle: readonly LoadRequest[]
  /** What has to be for sale, where the usual stocks are too few. They are among it. */
  readonly stocks?: readonly Stock[]
}

const HALF_CYCLE = 2_000
/** Long enough to meet nearly all stocks of a wide catalogue. */
const WIDE_HALF_CYCLE = 15_000
const QUANTITY_MAX = 100
const NAMES = OPENING_CATALOGUE.map((stock) => stock.name)
/** The stock that everybody looks at. */
const HOT = ['tesla']
const WIDE_LOOKUPS: Round = { lookups: 1, orders: 0, names: WIDE_CATALOGUE.map((stock) => stock.name) }

const MIX = "the client's mix: a lookup, then an order of the same stock with probability"

export const WORKLOADS: readonly Workload[] = [
  workload('orders', 'orders over ten stocks, buys and sells in balance', { lookups: 0, orders: 1, names: NAMES }),
  workload('lookup-hot', 'lookups of one stock', { lookups: 1, orders: 0, names: HOT }),
  workload('lookup-uniform', 'lookups over ten stocks, all alike', { lookups: 1, orders: 0, names: NAMES }),
  {
    ...workload('lookup-wide', 'lookups over 10,000 stocks, all alike', WIDE_LOOKUPS, WIDE_HALF_CYCLE),
    stocks: WIDE_CATALOGUE,
  },
  workload('mix-20', `${MIX} 0.2`, { lookups: 1, orders: 0.2, names: NAMES }),
  workload('mix-80', `${MIX} 0.8`, { lookups: 1, orders: 0.8, names: NAMES }),
]

/** What one round of a client does: a lookup or none, then an order with some probability, of the same stock. */
interface Round {
  readonly lookups: 0 | 1
  readonly orders: number
  readonly names: readonly string[]
}

function workload(name: string, what: string, round: Round, rounds = HALF_CYCLE): Workload {
  const cycle = [...halfCycle(round, rounds, false), ...halfCycle(round, rounds, true)] // L1
  const orders = cycle.filter(({ method }) => method === 'POST').length
  return { name, what, ordersShare: orders / cycle.length, cycle }
}

/** Both halves draw the same numbers; `mirrored` buys where the other one sells. */
function halfCycle({ lookups, orders, names }: Round, rounds: number, mirrored: boolean): LoadRequest[] {
  const draw = seeded(7)
  const below = (limit: number) => Math.floor(draw() * limit)
  return Array.from({ length: rounds }, () => {
    const name = names[below(names.length)]!
    const sells = below(2) === 0
    const quantity = 1 + below(QUANTITY_MAX)
    const looksUp = lookups === 1 ? [lookUp(name)] : []
    const trades = draw() < orders ? [order(name, sells !== mirrored ? 'sell' : 'buy', quantity)] : []
    return [...looksUp, ...trades]
  }).flat()
}

/** `GET /stocks/<name>` */
function lookUp(name: string): LoadRequest {
  return { method: 'GET', path: `/stocks/${name}`, body: '' }
}

/** `POST /orders` */
export function order(name: string, type: string, quantity: number): LoadRequest {
  return { method: 'POST', path: '/orders', body: JSON.stringify({ name, quantity, type }) }
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
