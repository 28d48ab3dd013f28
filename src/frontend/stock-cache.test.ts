import { expect, test } from 'vitest'
import type { StockView } from '../wire/messages.ts'
import { StockCache } from './stock-cache.ts'

const stock = (name: string, cacheable = true): StockView => ({ name, priceCents: 100, quantity: 10, volume: 10, cacheable, found: true })

/** A cache under a session, with room for so many stocks. */
function newCache(stocksMax = 8): StockCache {
  const cache = new StockCache(stocksMax)
  cache.begin()
  return cache
}

/** Says whether the cache serves the stock while the session is live. */
const serves = (cache: StockCache, name: string): boolean => cache.get(name, true) !== undefined

/** Does the same as a lookup: takes a ticket, and puts the answer, which belongs to the log position `at`. */
const put = (cache: StockCache, name: string, at = 5): void => cache.put(stock(name), at, cache.ticket())

test('K1: a stock is served while the session is live, and not when it is not', () => {
  const cache = newCache()
  put(cache, 'tesla')
  expect(cache.get('tesla', false)).toBeUndefined()
  expect(cache.get('tesla', true)).toEqual(stock('tesla'))
})

test('K1: what an earlier session left is not served under the next one', () => {
  const cache = newCache()
  put(cache, 'tesla')
  cache.begin()
  expect(serves(cache, 'tesla')).toBe(false)
})

test('K1: nothing is served once the session has ended', () => {
  const cache = newCache()
  put(cache, 'tesla')
  cache.end()
  expect(serves(cache, 'tesla')).toBe(false)
})

test('K2: what the catalogue does not call cacheable is not put', () => {
  const cache = newCache()
  cache.put(stock('tesla', false), 5, cache.ticket())
  expect(serves(cache, 'tesla')).toBe(false)
})

test('K2: without a session nothing is put', () => {
  const [never, ended] = [new StockCache(8), newCache()]
  ended.end()
  for (const cache of [never, ended]) {
    put(cache, 'tesla')
    expect(cache.size).toBe(0)
  }
})

test.each([
  ['an earlier session', false],
  ['a session, with another one since', true],
])('K2: an answer that was asked for under %s is not put', (_what, hasEnded) => {
  const cache = newCache()
  const ticket = cache.ticket()
  if (hasEnded) cache.end()
  cache.begin()
  cache.put(stock('tesla'), 5, ticket)
  expect(serves(cache, 'tesla')).toBe(false)
})

test('K2: an answer is put when it is as new as the last push for its stock, and not when it is older', () => {
  const cache = newCache()
  cache.invalidate(['tesla'], 7)
  put(cache, 'tesla', 7) // Position 7 is the log of 7 entries, 0 to 6. So entry 7 is not in it.
  expect(serves(cache, 'tesla')).toBe(false)
  put(cache, 'tesla', 8)
  expect(serves(cache, 'tesla')).toBe(true)
})

test('K2: a push that arrives late does not lower the number of an earlier one', () => {
  const cache = newCache()
  cache.invalidate(['tesla'], 7)
  cache.invalidate(['tesla'], 3)
  put(cache, 'tesla', 7)
  expect(serves(cache, 'tesla')).toBe(false)
})

test('K2: pushes for more stocks than are remembered hold for all', () => {
  const cache = newCache()
  cache.invalidate(['tesla'], 7)
  cache.invalidate(
    Array.from({ length: 10_000 }, (_, i) => `stock ${i}`),
    1,
  )
  put(cache, 'tesla', 7)
  put(cache, 'apple', 7)
  expect(cache.size).toBe(0)
  put(cache, 'apple', 8)
  expect(serves(cache, 'apple')).toBe(true)
})

test('a push drops the stocks that it names, and no other', () => {
  const cache = newCache()
  for (const name of ['tesla', 'apple', 'ford']) put(cache, name)
  cache.invalidate(['tesla', 'ford'], 5)
  expect(['tesla', 'apple', 'ford'].filter((name) => serves(cache, name))).toEqual(['apple'])
  expect(cache.invalidations).toBe(2)
})

test('a drop without a number keeps out all answers that are on their way', () => {
  const cache = newCache()
  put(cache, 'tesla')
  const ticket = cache.ticket()
  cache.drop('tesla')
  cache.put(stock('tesla'), 100, ticket)
  expect(serves(cache, 'tesla')).toBe(false)
  put(cache, 'tesla')
  expect(serves(cache, 'tesla')).toBe(true)
})

test('a full cache drops the stock that was asked for longest ago', () => {
  const cache = newCache(2)
  put(cache, 'tesla')
  put(cache, 'apple')
  expect(serves(cache, 'tesla')).toBe(true)
  put(cache, 'ford')
  expect(serves(cache, 'apple')).toBe(false)
  expect(serves(cache, 'tesla')).toBe(true)
  expect(cache.evictions).toBe(1)
})

test('hits are counted when the cache serves, misses when the catalogue is asked', () => {
  const cache = newCache()
  put(cache, 'tesla')
  serves(cache, 'tesla')
  serves(cache, 'apple')
  expect([cache.hits, cache.misses]).toEqual([1, 0])
  cache.missed()
  expect(cache.misses).toBe(1)
})
