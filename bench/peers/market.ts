import { LIMITS } from '../../src/domain/limits.ts'
import { isTradeType } from '../../src/domain/order.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { StockData } from '../../src/http/types.ts'

export type Refusal = 'STOCK_NOT_FOUND' | 'INVALID_TYPE' | 'INVALID_QUANTITY' | 'NOT_ENOUGH'

/** An order as it comes in the body of a request. */
export interface OrderBody {
  readonly name: string
  readonly quantity: unknown
  readonly type: unknown
}

/** Makes the checks of an order that need no stock, in the contract's order. */
export function checked({ quantity, type }: OrderBody): { quantity: number; type: 'buy' | 'sell' } | Refusal {
  if (typeof type !== 'string' || !isTradeType(type)) return 'INVALID_TYPE'
  const valid = typeof quantity === 'number' && Number.isInteger(quantity) && quantity >= 1
  if (!valid || quantity > LIMITS.orderQuantityMax) return 'INVALID_QUANTITY'
  return { quantity, type }
}

/** The least market that can answer an order. It has levels and a counter in memory. It keeps and copies nothing. */
export class MemoryMarket {
  readonly #levels: Map<string, number>
  readonly #prices: ReadonlyMap<string, number>
  #orders = 0

  constructor(stocks: readonly Stock[]) {
    this.#levels = new Map(stocks.map(({ name, quantity }) => [name, quantity]))
    this.#prices = new Map(stocks.map(({ name, priceCents }) => [name, priceCents / 100]))
  }

  /** Returns the order's number, or why it was refused. */
  place(body: OrderBody): number | Refusal {
    const level = this.#levels.get(body.name)
    if (level === undefined) return 'STOCK_NOT_FOUND'
    const order = checked(body)
    if (typeof order === 'string') return order
    const left = order.type === 'buy' ? level - order.quantity : level + order.quantity
    if (left < 0) return 'NOT_ENOUGH'
    this.#levels.set(body.name, left)
    return this.#orders++
  }

  find(name: string): StockData | undefined {
    const quantity = this.#levels.get(name)
    return quantity === undefined ? undefined : { name, price: this.#prices.get(name) ?? 0, quantity }
  }
}
