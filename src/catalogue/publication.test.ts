import { expect, test } from 'vitest'
import type { Entry, TradeType } from '../domain/order.ts'
import { Publication } from './publication.ts'

const STOCKS = ['tesla', 'ford'].map((name) => ({ name, priceCents: 100, quantity: 10, volume: 0 }))

const entry = (number: number, name: string, type: TradeType, quantity: number): Entry => ({
  number,
  generation: 1,
  key: `c:${number}`,
  fingerprint: 'print',
  name,
  type,
  quantity,
  timeMs: 0,
})

const BUY = entry(0, 'tesla', 'buy', 4)
const SELL = entry(1, 'tesla', 'sell', 1)

/** Says whether a promise has resolved by now. */
async function isResolved(promise: Promise<unknown>): Promise<boolean> {
  const late = Symbol('late')
  return (await Promise.race([promise, Promise.resolve(late)])) !== late
}

test('what is decided is not shown before it is published', () => {
  const publication = new Publication(STOCKS, 0, [])
  publication.addDecided([BUY, SELL])
  expect(publication.stock('tesla')).toMatchObject({ quantity: 10, volume: 0 })
  publication.publish(1)
  expect([publication.published, publication.stock('tesla')]).toEqual([1, { ...STOCKS[0], quantity: 6, volume: 4 }])
  publication.publish(2)
  expect(publication.stock('tesla')).toMatchObject({ quantity: 7, volume: 5 })
})

test('P1: the position never goes back', () => {
  const publication = new Publication(STOCKS, 0, [])
  publication.addDecided([BUY, SELL])
  publication.publish(2)
  publication.publish(1)
  expect([publication.published, publication.stock('tesla')?.quantity]).toEqual([2, 7])
})

test('P1: a start shows the levels before what may not have been shown, and settles when that is published', async () => {
  const publication = new Publication([{ ...STOCKS[0]!, quantity: 7, volume: 5 }, STOCKS[1]!], 2, [BUY, SELL])
  expect([publication.settled, publication.published]).toEqual([false, 0])
  expect(publication.stock('tesla')).toEqual(STOCKS[0])
  publication.publish(1)
  expect([publication.settled, await isResolved(publication.whenSettled())]).toEqual([false, false])
  publication.publish(2)
  expect([publication.settled, await isResolved(publication.whenSettled())]).toEqual([true, true])
  expect(publication.stock('tesla')).toMatchObject({ quantity: 7, volume: 5 })
})

test('what comes after the start does not unsettle it', () => {
  const publication = new Publication(STOCKS, 0, [])
  publication.addDecided([BUY])
  expect(publication.settled).toBe(true)
})

test('P2: a stock is not cacheable while any trade of it is unpublished', () => {
  const publication = new Publication(STOCKS, 0, [])
  publication.addDecided([BUY, SELL])
  publication.publish(1)
  expect([publication.cacheable('tesla'), publication.cacheable('ford')]).toEqual([false, true])
  publication.publish(2)
  expect(publication.cacheable('tesla')).toBe(true)
})

test('who waits for a position is told when it is published, and no one else', async () => {
  const publication = new Publication(STOCKS, 0, [])
  publication.addDecided([BUY, SELL])
  const [first, second] = [publication.whenPublished(1), publication.whenPublished(2)]
  publication.publish(1)
  expect([await isResolved(first), await isResolved(second)]).toEqual([true, false])
})

test('what was never decided cannot be published', () => {
  const publication = new Publication(STOCKS, 0, [])
  expect(() => publication.publish(1)).toThrow('only decided entries are published')
})
