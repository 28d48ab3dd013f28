import { LIMITS } from './limits.ts'
import { fitsBytes } from './text.ts'
import type { TradeType } from './order.ts'

/** One stock as the catalogue holds it. */
export interface Stock {
  readonly name: string
  /** Price in integer cents; decimals exist only on the wire. */
  readonly priceCents: number
  /** Shares available, 0..2^53-1. */
  readonly quantity: number
  /** Shares traded so far, buys and sells alike, on top of the opening volume. */
  readonly volume: number
}

/** Whether a stock may have this name: 1 to 256 bytes of UTF-8, without the character NUL, which ends a text in files. */
export const isStockName = (text: string): boolean =>
  text !== '' && text.isWellFormed() && !text.includes('\0') && fitsBytes(text, LIMITS.stockNameBytesMax)

/** A stock after a trade of it; nobody has looked whether that is possible. */
export const traded = (stock: Stock, type: TradeType, shares: number): Stock => ({
  ...stock,
  quantity: type === 'buy' ? stock.quantity - shares : stock.quantity + shares,
  volume: stock.volume + shares,
})

const stock = (name: string, priceCents: number): Stock => ({ name, priceCents, quantity: 1000, volume: 100 })

/** What a new catalogue offers. */
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
