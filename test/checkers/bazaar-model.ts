import { LIMITS } from '../../src/domain/limits.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { Content, ListRead, LogEntry, OrderRead, Place, PlaceOutcome, StockRead } from './history.ts'

/** The bazaar as it is promised to clients: it does one thing after the other, and never loses anything. */
export class BazaarModel {
  readonly stocks: Map<string, Stock>
  readonly log: LogEntry[] = []

  constructor(opening: readonly Stock[]) {
    this.stocks = new Map(opening.map((stock) => [stock.name, stock]))
  }

  /** Decides an order with a new key. */
  place({ key, name, type, quantity }: Content & Pick<Place, 'key'>): PlaceOutcome {
    const number = this.log.length
    const changed = this.#judge({ name, type, quantity })
    if ('kind' in changed) return changed
    this.stocks.set(name, changed)
    this.log.push({ number, key, name, type, quantity })
    return { kind: 'accepted', number }
  }

  /** Returns the result of a read now. */
  stock({ name }: Pick<StockRead, 'name'>, withVolume: boolean): StockRead['outcome'] {
    const stock = this.stocks.get(name)
    if (!stock) return { kind: 'not-found' }
    const { priceCents, quantity, volume } = stock
    return { kind: 'found', price: priceCents / 100, quantity, ...(withVolume && { volume }) }
  }

  order({ number }: Pick<OrderRead, 'number'>): OrderRead['outcome'] {
    const entry = this.log[number]
    return entry ? { kind: 'found', ...contentOf(entry) } : { kind: 'not-found' }
  }

  list({ after, limit }: Pick<ListRead, 'after' | 'limit'>): ListRead['outcome'] {
    const entries = this.log.slice(after + 1, after + 1 + limit)
    return { kind: 'found', orders: entries.map((entry) => ({ number: entry.number, ...contentOf(entry) })) }
  }

  #judge({ name, type, quantity }: Content): Stock | (PlaceOutcome & { kind: 'rejected' }) {
    const stock = this.stocks.get(name)
    if (!stock) return { kind: 'rejected', reason: 'stock-not-found' }
    if (type !== 'buy' && type !== 'sell') return { kind: 'rejected', reason: 'invalid-type' }
    const valid = Number.isInteger(quantity) && quantity >= 1 && quantity <= LIMITS.orderQuantityMax
    if (!valid) return { kind: 'rejected', reason: 'invalid-quantity' }
    const left = type === 'buy' ? stock.quantity - quantity : stock.quantity + quantity
    if (left < 0) return { kind: 'rejected', reason: 'not-enough' }
    const volume = stock.volume + quantity
    const over = left > LIMITS.stockLevelMax || volume > LIMITS.stockLevelMax
    return over ? { kind: 'rejected', reason: 'level-limit' } : { ...stock, quantity: left, volume }
  }
}

const contentOf = ({ name, type, quantity }: LogEntry): Content => ({ name, type, quantity })
