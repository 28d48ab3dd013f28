import { expect, test } from 'vitest'
import type { TradeType } from './order.ts'
import { traded, untraded, type Stock } from './stock.ts'

const STOCK: Stock = { name: 'tesla', priceCents: 100, quantity: 10, volume: 3 }

/** The shares and the volume that a trade of 4 leaves, by type. When a type is missing here, this file does not compile. */
const LEFT = { buy: [6, 7], sell: [14, 7] } as const satisfies Record<TradeType, readonly [quantity: number, volume: number]>

test.each(Object.entries(LEFT) as [TradeType, readonly [number, number]][])('a %s changes both levels', (type, [quantity, volume]) => {
  expect(traded(STOCK, { type, quantity: 4 })).toEqual({ ...STOCK, quantity, volume })
})

test.each(Object.keys(LEFT) as TradeType[])('a %s can be taken back', (type) => {
  const trade = { type, quantity: 4 }
  expect(untraded(traded(STOCK, trade), trade)).toEqual(STOCK)
})

test('an unknown type does not pass for a sell', () => {
  // @ts-expect-error: "short" is no type of a trade.
  expect(() => traded(STOCK, { type: 'short', quantity: 4 })).toThrow('no trade of the type "short"')
})
