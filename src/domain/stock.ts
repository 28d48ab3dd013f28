import { LIMITS } from './limits.ts'
import { fitsBytes } from './text.ts'
import type { Order } from './order.ts'

/** One stock as the catalogue holds it. */
export interface Stock {
  readonly name: string
  /** Price in integer cents. Decimals exist only on the wire. */
  readonly priceCents: number
  /** Shares available, 0..2^53-1. */
  readonly quantity: number
  /** Shares traded so far, buys and sells alike, on top of the opening volume. */
  readonly volume: number
}

/** Says whether a stock may have this name: 1 to 256 bytes of UTF-8, without the character NUL, which would end a text in files. */
export const isStockName = (text: string): boolean =>
  text !== '' && text.isWellFormed() && !text.includes('\0') && fitsBytes(text, LIMITS.stockNameBytesMax)

/** The part of an order that changes the levels of its stock. */
type Trade = Pick<Order, 'type' | 'quantity'>

/** Returns the change that a trade makes to the levels of its stock. Throws for an unknown type, which no order can have. */
function changeBy({ type, quantity }: Trade): Pick<Stock, 'quantity' | 'volume'> {
  switch (type) {
    case 'buy':
      return { quantity: -quantity, volume: quantity }
    case 'sell':
      return { quantity, volume: quantity }
    default:
      throw new Error(`there is no trade of the type "${type satisfies never}"`)
  }
}

/** Returns a stock as it is after a trade of it. Does not check whether the trade is possible. */
export function traded(stock: Stock, trade: Trade): Stock {
  const { quantity, volume } = changeBy(trade)
  return { ...stock, quantity: stock.quantity + quantity, volume: stock.volume + volume }
}

/** Returns a stock as it was before a trade of it. The inverse of {@link traded}. */
export function untraded(stock: Stock, trade: Trade): Stock {
  const { quantity, volume } = changeBy(trade)
  return { ...stock, quantity: stock.quantity - quantity, volume: stock.volume - volume }
}

const stock = (name: string, priceCents: number): Stock => ({ name, priceCents, quantity: 1000, volume: 100 })

/** The stocks of a new catalogue. */
export const OPENING_CATALOGUE: readonly Stock[] = [
  stock('apple', 15259),
  stock('tesla', 18326),
  stock('ford', 1193),
  stock('amazon', 9488),
  stock('nvidia', 24063),
  stock('intel', 2801),
  stock('meta', 19402),
  stock('nike', 12613),
  stock('amc', 478),
  stock('gamestop', 2000),
]
