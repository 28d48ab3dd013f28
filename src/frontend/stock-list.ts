import { LIMITS } from '../domain/limits.ts'
import { nextTurn, type Clock } from '../runtime/clock.ts'
import type { StockView } from '../wire/messages.ts'
import { stockJson } from './stock-json.ts'

/**
 * Returns the body of an answer that lists these stocks. It is made in pieces, so that other requests get their turn
 * meanwhile.
 */
export async function stockListJson(clock: Clock, stocks: readonly StockView[]): Promise<Buffer> {
  const pieces: Buffer[] = [Buffer.from('{"data":{"stocks":[')]
  for (let from = 0; from < stocks.length; from += LIMITS.stocksPartMax) {
    if (from > 0) await nextTurn(clock)
    const piece = stocks.slice(from, from + LIMITS.stocksPartMax).map((stock) => stockJson(stock, true))
    pieces.push(Buffer.from(`${from > 0 ? ',' : ''}${piece.join(',')}`))
  }
  return Buffer.concat([...pieces, Buffer.from(']}}')])
}
