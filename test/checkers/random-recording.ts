import type { Stock } from '../../src/domain/stock.ts'
import { BazaarModel } from './bazaar-model.ts'
import type { Recording } from './history-file.ts'
import { sameContent, type Content, type Operation, type Place, type PlaceOutcome } from './history.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Settings of the recorded run: how busy it is, and how many answers are lost. */
export interface RunOptions {
  readonly opening: readonly Stock[]
  readonly operations: number
  /** Approximate number of calls under way at a time. */
  readonly concurrency: number
  /** Largest quantity of an order. */
  readonly quantityMax: number
  /** Probability that a call gets no answer. */
  readonly lossProbability: number
  /** Probability that an order has a key that was used lately. It often has the same content, too. */
  readonly repeatProbability: number
}

/** A call before its answer. It takes effect at `effect`; Infinity means never. */
interface Plan {
  readonly start: number
  readonly end: number
  readonly effect: number
  readonly lost: boolean
  readonly ask: Ask
}

type Ask =
  | (Content & { readonly kind: 'place'; readonly key: string })
  | { readonly kind: 'stock'; readonly name: string; readonly withVolume: boolean }
  /** How far the number is above that of the newest order. Below 0, it is an earlier order. */
  | { readonly kind: 'order'; readonly offset: number }
  | { readonly kind: 'list'; readonly offset: number; readonly limit: number }

const RECENT_ORDERS = 8
const LISTING_MAX = 5

/** Records a run of the model with random calls: some at once, some repeated, some without an answer. It keeps the promise. */
export function randomRecording(random: SeededRandom, options: RunOptions): Recording {
  const plans = plan(random, options).toSorted(byEffect)
  const model = new BazaarModel(options.opening)
  const placed: Placed = new Map()
  const operations = plans.map((each) => carryOut(each, model, placed))
  return { opening: options.opening, operations, log: model.log }
}

/** Sorts by effect. Calls that never take effect are last, in any order. */
const byEffect = (one: Plan, other: Plan): number => (one.effect === other.effect ? 0 : one.effect - other.effect)

function plan(random: SeededRandom, options: RunOptions): Plan[] {
  const orders: (Ask & { readonly kind: 'place' })[] = []
  let now = 0
  return Array.from({ length: options.operations }, (_, index) => {
    now += random.integer(0, 2)
    const duration = random.integer(0, 2 * options.concurrency)
    const ask = randomAsk(random, options, orders, index)
    if (!random.chance(options.lossProbability)) {
      return { start: now, end: now + duration, effect: now + random.next() * duration, lost: false, ask }
    }
    const effect = random.chance(0.3) ? Infinity : now + random.next() * 3 * duration
    return { start: now, end: random.chance(0.5) ? Infinity : now + duration, effect, lost: true, ask }
  })
}

function randomAsk(random: SeededRandom, options: RunOptions, orders: (Ask & { kind: 'place' })[], index: number): Ask {
  const choice = random.next()
  const name = random.chance(0.03) ? 'nothing' : random.pick(options.opening).name
  if (choice < 0.25) return { kind: 'stock', name, withVolume: random.chance(0.5) }
  if (choice < 0.4) return { kind: 'order', offset: random.integer(-3, 2) }
  if (choice < 0.45) return { kind: 'list', offset: random.integer(-4, 1), limit: random.integer(1, LISTING_MAX) }
  const quantity = random.integer(random.chance(0.05) ? 0 : 1, options.quantityMax)
  const content = { name, type: randomType(random), quantity }
  const recent = orders.slice(-RECENT_ORDERS)
  const repeated = recent.length > 0 && random.chance(options.repeatProbability) ? random.pick(recent) : undefined
  if (repeated) return random.chance(0.7) ? repeated : { ...repeated, ...content }
  const order = { kind: 'place', key: `c:${index}`, ...content } as const
  orders.push(order)
  return order
}

const randomType = (random: SeededRandom): string => (random.chance(0.03) ? 'lend' : random.pick(['buy', 'sell']))

/** The outcome of each key. */
type Placed = Map<string, { readonly content: Content; readonly outcome: PlaceOutcome }>

function carryOut({ start, end, effect, lost, ask }: Plan, model: BazaarModel, placed: Placed): Operation {
  const happens = effect < Infinity
  switch (ask.kind) {
    case 'place': {
      const outcome = happens ? place(ask, model, placed) : undefined
      return { ...ask, start, end, outcome: lost || !outcome ? { kind: 'unknown' } : outcome }
    }
    case 'stock': {
      const { kind, name, withVolume } = ask
      return { kind, name, start, end, outcome: lost ? { kind: 'unknown' } : model.stock(ask, withVolume) }
    }
    case 'order': {
      const number = Math.max(0, model.log.length + ask.offset)
      return { kind: 'order', number, start, end, outcome: lost ? { kind: 'unknown' } : model.order({ number }) }
    }
    case 'list': {
      const asked = { after: Math.max(-1, model.log.length + ask.offset), limit: ask.limit }
      return { kind: 'list', ...asked, start, end, outcome: lost ? { kind: 'unknown' } : model.list(asked) }
    }
  }
}

function place(order: Content & Pick<Place, 'key'>, model: BazaarModel, placed: Placed): PlaceOutcome {
  const recorded = placed.get(order.key)
  if (recorded) return sameContent(recorded.content, order) ? recorded.outcome : { kind: 'key-reused' }
  const outcome = model.place(order)
  placed.set(order.key, { content: order, outcome })
  return outcome
}
