import { LIMITS } from '../../src/domain/limits.ts'
import { isTradeType } from '../../src/domain/order.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { Findings } from './findings.ts'
import { sameContent, type Content, type ListRead, type LogEntry, type Place, type StockFound } from './history.ts'
import { StockTimeline } from './stock-timeline.ts'

export const isOrderQuantity = (quantity: number): boolean =>
  Number.isInteger(quantity) && quantity >= 1 && quantity <= LIMITS.orderQuantityMax

/** The final log with all states that it leads through. Position p is the state after the first p entries. */
export class FinalLog {
  readonly entries: readonly LogEntry[]
  readonly #stocks: ReadonlyMap<string, StockTimeline>

  /** Reads a log that keeps the rules of logs. For any other, it reports the breaks and returns undefined. */
  static read(entries: readonly LogEntry[], opening: readonly Stock[], findings: Findings): FinalLog | undefined {
    const stocks = new Map(opening.map((stock) => [stock.name, new StockTimeline(stock)]))
    for (const [position, entry] of entries.entries()) {
      const { number, name, type, quantity } = entry
      const words = `entry ${number} of the log (${type} ${quantity} ${name})`
      const stock = stocks.get(name)
      if (number !== position) findings.add('log-dense', [], `${words} is in the place of entry ${position}`)
      else if (!stock || !isTradeType(type) || !isOrderQuantity(quantity)) {
        findings.add('log-valid', [], `${words} is no order that can be accepted`)
      } else if (!stock.trade(position + 1, type, quantity)) {
        findings.add('level-range', [], `${words} takes ${name} out of the range of levels`)
      } else continue
      return undefined
    }
    return new FinalLog(entries, stocks)
  }

  private constructor(entries: readonly LogEntry[], stocks: ReadonlyMap<string, StockTimeline>) {
    this.entries = entries
    this.#stocks = stocks
  }

  has(name: string): boolean {
    return this.#stocks.has(name)
  }

  holds(number: number, content: Content): boolean {
    const entry = this.entries[number]
    return entry !== undefined && sameContent(entry, content)
  }

  /** Says whether the price is right and the stock ever had this quantity and volume. */
  everShows(name: string, shown: StockFound): boolean {
    const stock = this.#stocks.get(name)
    const priced = stock !== undefined && shown.price === stock.stock.priceCents / 100
    return priced && this.firstShowing(0, name, shown) !== undefined
  }

  /** The earliest position, not below `from`, at which the stock has the quantity and volume shown. */
  firstShowing(from: number, name: string, { quantity, volume }: StockFound): number | undefined {
    return this.#stocks.get(name)?.firstShowing(from, quantity, volume)
  }

  /** The earliest position, not below `from`, at which the listing is what there is to list. */
  firstListing(from: number, { after, limit }: ListRead, count: number): number | undefined {
    const least = count === 0 ? 0 : after + 1 + count
    const most = count === limit ? Infinity : after + 1 + count
    const position = Math.max(from, least)
    return position <= most ? position : undefined
  }

  /**
   * The earliest position, not below `from`, at which the order is rejected for `reason`, or for any reason when none
   * is given. The checks come in the contract's order: stock, type, quantity, availability.
   */
  firstRejecting(from: number, { name, type, quantity }: Place, reason?: string): number | undefined {
    const asked = (due: string): boolean => reason === undefined || reason === due
    const always = (due: string) => (asked(due) ? from : undefined)
    const stock = this.#stocks.get(name)
    if (!stock) return always('stock-not-found')
    if (!isTradeType(type)) return always('invalid-type')
    if (!isOrderQuantity(quantity)) return always('invalid-quantity')
    const short = type === 'buy' && asked('not-enough') ? stock.firstNotEnough(from, quantity) : undefined
    const over = asked('level-limit') ? stock.firstLevelLimit(from, type, quantity) : undefined
    return short === undefined || over === undefined ? (short ?? over) : Math.min(short, over)
  }
}
