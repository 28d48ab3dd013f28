import { readFileSync } from 'node:fs'
import { LIMITS } from '../domain/limits.ts'
import { isStockName, type Stock } from '../domain/stock.ts'
import { CommandFailure, EXIT, wordsOf } from './failure.ts'

/** Opening catalogues in files: a JSON array of objects with name, price in dollars, quantity and perhaps volume. */

/** Reads and checks a file of stocks. @throws CommandFailure that names the first thing that is wrong. */
export function readOpeningStocks(file: string): readonly Stock[] {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CommandFailure(`cannot read the stocks in ${file}: ${wordsOf(error)}`, EXIT.usage)
  }
  try {
    return openingStocksFrom(value)
  } catch (error) {
    throw new CommandFailure(`${file}: ${wordsOf(error)}`, EXIT.usage)
  }
}

/** Checks stocks that were read from JSON. @throws Error that names the first thing that is wrong. */
export function openingStocksFrom(value: unknown): readonly Stock[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new Error('it must hold a JSON array of stocks, such as [{"name": "apple", "price": 152.59, "quantity": 1000}]')
  }
  if (value.length > LIMITS.stocksMax) throw new Error(`it holds ${value.length} stocks, at most ${LIMITS.stocksMax} can be`)
  const stocks = value.map(stockFrom)
  const places = new Map<string, number>()
  stocks.forEach(({ name }, at) => {
    const before = places.get(name)
    if (before !== undefined) throw new Error(`stocks ${before + 1} and ${at + 1} have the same name ${JSON.stringify(name)}`)
    places.set(name, at)
  })
  const bytes = stocks.reduce((sum, { name }) => sum + Buffer.byteLength(name), 0)
  const { stockNamesBytesMax: bytesMax } = LIMITS
  if (bytes > bytesMax) throw new Error(`all names together take ${bytes} bytes, at most ${bytesMax} can be`)
  return stocks
}

const MEMBERS: readonly string[] = ['name', 'price', 'quantity', 'volume']

function stockFrom(value: unknown, at: number): Stock {
  const wrong = (what: string): never => {
    throw new Error(`stock ${at + 1}: ${what}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('it must be an object')
  const { name, price, quantity, volume = 0 } = value as Record<string, unknown>
  const unknown = Object.keys(value).find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined) wrong(`no member is called ${JSON.stringify(unknown)}`)
  if (typeof name !== 'string' || !isStockName(name)) {
    return wrong(`name must be a text of 1 to ${LIMITS.stockNameBytesMax} bytes of UTF-8, without NUL`)
  }
  const priceCents = centsOf(price)
  if (priceCents === undefined) return wrong('price must be a number of dollars above 0, with at most two decimals')
  if (!isCount(quantity)) return wrong('quantity must be an integer from 0 to 2^53-1')
  if (!isCount(volume)) return wrong('volume must be an integer from 0 to 2^53-1')
  return { name, priceCents, quantity, volume }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/**
 * Returns a price in exact cents, or undefined when that cannot be. A number counts as it is written: 183.26 is 18326 cents,
 * whatever its binary digits are.
 */
function centsOf(price: unknown): number | undefined {
  if (typeof price !== 'number') return undefined
  const cents = Math.round(price * 100)
  return Number.isSafeInteger(cents) && cents > 0 && cents / 100 === price ? cents : undefined
}
