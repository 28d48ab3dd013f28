import { LIMITS } from '../domain/limits.ts'
import type { StockData, StockListData } from '../http/types.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import type { StockView } from '../rpc/messages.ts'

/** What an answer says of one stock. */
export const stockData = ({ name, priceCents, quantity }: StockView): StockData => ({ name, price: priceCents / 100, quantity })

/** The body of an answer that lists these stocks, made in pieces: other requests get their turn meanwhile. */
export async function stockListJson(clock: Clock, stocks: readonly StockView[]): Promise<Buffer> {
  const pieces: Buffer[] = [Buffer.from('{"data":{"stocks":[')]
  for (let from = 0; from < stocks.length; from += LIMITS.stocksPartMax) {
    if (from > 0) await nextTurn(clock)
    const piece = stocks.slice(from, from + LIMITS.stocksPartMax).map(listed)
    pieces.push(Buffer.from(`${from > 0 ? ',' : ''}${JSON.stringify(piece).slice(1, -1)}`))
  }
  return Buffer.concat([...pieces, Buffer.from(']}}')])
}

const listed = (stock: StockView): StockListData['stocks'][number] => ({ ...stockData(stock), volume: stock.volume })
