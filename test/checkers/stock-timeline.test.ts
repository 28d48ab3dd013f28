import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/domain/limits.ts'
import { FirstBelow } from './first-below.ts'
import { StockTimeline } from './stock-timeline.ts'

describe('FirstBelow', () => {
  it('finds what a look at each value finds', () => {
    const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 })
    const place = fc.nat(45)
    fc.assert(
      fc.property(values, place, fc.integer({ min: -1, max: 11 }), (levels, from, bound) => {
        const plain = levels.findIndex((level, index) => index >= from && level < bound)
        expect(new FirstBelow(Float64Array.from(levels)).find(from, bound)).toBe(plain < 0 ? undefined : plain)
      }),
    )
  })
})

describe('StockTimeline', () => {
  const trades = fc.array(
    fc.record({
      gap: fc.integer({ min: 1, max: 3 }),
      type: fc.constantFrom('buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 30 },
  )
  const opening = fc.constantFrom(
    { name: 'ford', priceCents: 1, quantity: 5, volume: 0 },
    { name: 'ford', priceCents: 1, quantity: LIMITS.stockLevelMax - 5, volume: 0 },
    { name: 'ford', priceCents: 1, quantity: 5, volume: LIMITS.stockLevelMax - 30 },
  )

  it('answers what a look at each position answers', () => {
    fc.assert(
      fc.property(opening, trades, fc.nat(60), fc.integer({ min: 1, max: 40 }), (stock, wanted, from, quantity) => {
        const timeline = new StockTimeline(stock)
        const states = [{ level: stock.quantity, volume: stock.volume }]
        for (const { gap, type, quantity: traded } of wanted) {
          const { level, volume } = states.at(-1)!
          for (let other = 1; other < gap; other++) states.push({ level, volume })
          if (!timeline.trade(states.length, type, traded)) continue
          states.push({ level: level + (type === 'buy' ? -traded : traded), volume: volume + traded })
        }
        if (from >= states.length) return
        const first = (fits: (state: { level: number; volume: number }) => boolean) => {
          const position = states.findIndex((state, index) => index >= from && fits(state))
          return position < 0 ? undefined : position
        }
        const over = (level: number) => level > LIMITS.stockLevelMax - quantity
        const sample = states[quantity % states.length]!
        expect(timeline.firstShowing(from, sample.level)).toBe(first(({ level }) => level === sample.level))
        expect(timeline.firstShowing(from, sample.level, sample.volume)).toBe(
          first(({ level, volume }) => level === sample.level && volume === sample.volume),
        )
        expect(timeline.firstNotEnough(from, quantity)).toBe(first(({ level }) => level < quantity))
        expect(timeline.firstLevelLimit(from, 'sell', quantity)).toBe(first(({ level, volume }) => over(level) || over(volume)))
        expect(timeline.firstLevelLimit(from, 'buy', quantity)).toBe(first(({ level, volume }) => level >= quantity && over(volume)))
      }),
    )
  })
})
