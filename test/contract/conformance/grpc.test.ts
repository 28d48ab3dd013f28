import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, HOPELESS_MS } from '../../fault/process.ts'
import { call, statusOf, synchronize } from './grpc.ts'
import { followersOf, isForeign, leaderOf, levelOf, openTarget, orderNumber, place, type Target } from './target.ts'

let target: Target
beforeAll(async () => {
  target = await openTarget()
})
afterAll(() => target?.close())

const INT32_MAX = 2_147_483_647
const NONE = { orderNum: -1, stockName: '', tradeType: '', stockTradeQuantity: -1 }

/** Returns an order as it is on the wire. */
const trade = (stockName: string, tradeType: string, stockTradeQuantity: number) => ({ stockName, stockTradeQuantity, tradeType })

describe('Catalog.Lookup', () => {
  test('a stock', async () => {
    const { stockPrice, stockQuantity } = await call(target.catalogue, 'Catalog.Lookup', { stockName: 'amazon' })
    expect(stockPrice).toBeCloseTo(94.88, 4)
    expect(stockQuantity).toBe(await levelOf(target, 'amazon'))
  })

  test.each(['no-such-stock', '', 'Amazon', 'amazon '])('"%s" is not there: -1, -1', async (stockName) => {
    const answer = await call(target.catalogue, 'Catalog.Lookup', { stockName })
    expect(answer).toEqual({ stockPrice: -1, stockQuantity: -1 })
  })
})

describe('Catalog.Trade', () => {
  test('changes the level at once', async () => {
    const level = async () => (await call(target.catalogue, 'Catalog.Lookup', { stockName: 'ford' })).stockQuantity
    const before = await level()
    const { resultTrade } = await call(target.catalogue, 'Catalog.Trade', trade('ford', 'sell', 4))
    expect(resultTrade).toBe(1)
    expect(await level()).toBe(before + 4)
    await call(target.catalogue, 'Catalog.Trade', trade('ford', 'buy', 4))
    expect(await level()).toBe(before)
  })

  test.each([
    ['unknown stock', trade('no-such-stock', 'buy', 1)],
    ['unknown type', trade('ford', 'hold', 1)],
    ['quantity 0', trade('ford', 'buy', 0)],
    ['more than there is', trade('ford', 'buy', INT32_MAX)],
  ])('%s: anything but 1, and no level changes', async (_, request) => {
    const before = await levelOf(target, 'ford')
    const { resultTrade } = await call(target.catalogue, 'Catalog.Trade', request)
    expect(resultTrade).not.toBe(1)
    expect(await levelOf(target, 'ford')).toBe(before)
  })
})

describe('Order.Request at the leader', () => {
  test('places an order that the front end knows', async () => {
    const before = await levelOf(target, 'nvidia')
    const { transactionNum } = await call(await leaderOf(target), 'Order.Request', trade('nvidia', 'sell', 2))
    expect(await orderNumber(target, transactionNum)).toEqual({
      number: transactionNum,
      name: 'nvidia',
      type: 'sell',
      quantity: 2,
    })
    expect(await levelOf(target, 'nvidia')).toBe(before + 2)
    await call(await leaderOf(target), 'Order.Request', trade('nvidia', 'buy', 2))
    expect(await levelOf(target, 'nvidia')).toBe(before)
  })

  test.each([
    ['unknown stock', -1, trade('no-such-stock', 'buy', 1)],
    ['unknown stock before all else', -1, trade('', 'hold', 0)],
    ['unknown type', -2, trade('nvidia', 'hold', 1)],
    ['unknown type before quantity', -2, trade('nvidia', '', 0)],
    ['quantity 0', -3, trade('nvidia', 'buy', 0)],
    ['quantity below 0', -3, trade('nvidia', 'sell', -7)],
    ['more than there is', -4, trade('nvidia', 'buy', INT32_MAX)],
  ])('%s: %i', async (_, code, request) => {
    const { transactionNum } = await call(await leaderOf(target), 'Order.Request', request)
    expect(transactionNum).toBe(code)
  })

  test('rejections use no number', async () => {
    const first = (await call(await leaderOf(target), 'Order.Request', trade('meta', 'sell', 1))).transactionNum
    await call(await leaderOf(target), 'Order.Request', trade('meta', 'sell', 0))
    const second = (await call(await leaderOf(target), 'Order.Request', trade('meta', 'buy', 1))).transactionNum
    if (isForeign) expect(second).toBeGreaterThan(first)
    else expect(second).toBe(first + 1)
  })
})

test('Order.Request at a follower is refused, and places nothing', async () => {
  const before = await levelOf(target, 'nvidia')
  for (const follower of await followersOf(target)) {
    expect(await statusOf(call(follower, 'Order.Request', trade('nvidia', 'buy', 1)))).toBe('FAILED_PRECONDITION')
  }
  expect(await levelOf(target, 'nvidia')).toBe(before)
})

describe('Order.Lookup', () => {
  test('finds an acknowledged order at every replica', async () => {
    const orderNum = await place(target, 'intel', 'sell', 9)
    const expected = { orderNum, ...trade('intel', 'sell', 9) }
    expect(await call(await leaderOf(target), 'Order.Lookup', { orderNum })).toEqual(expected)
    for (const { address } of target.replicas) {
      await eventually(`order ${orderNum} at ${address}`, HOPELESS_MS, async () => {
        const answer = await call(address, 'Order.Lookup', { orderNum })
        return answer.orderNum === orderNum || undefined
      })
      expect(await call(address, 'Order.Lookup', { orderNum })).toEqual(expected)
    }
    await place(target, 'intel', 'buy', 9)
  })

  test.each([INT32_MAX, -1, -2_147_483_648])('%i is not there: -1, "", "", -1', async (orderNum) => {
    expect(await call(await leaderOf(target), 'Order.Lookup', { orderNum })).toEqual(NONE)
  })
})

describe('Order.Propagate', () => {
  test('of an order that was decided: 1, and nothing changes', async () => {
    const orderNum = await place(target, 'tesla', 'sell', 3)
    for (const { address } of target.replicas) {
      const { resultPropagate } = await call(address, 'Order.Propagate', { orderNum, ...trade('tesla', 'sell', 3) })
      expect(resultPropagate).toBe(1)
    }
    expect(await orderNumber(target, orderNum)).toMatchObject({ quantity: 3 })
    await place(target, 'tesla', 'buy', 3)
  })

  test('of anything that was not decided: 0, and it is found nowhere', async () => {
    const orderNum = (await place(target, 'tesla', 'sell', 1)) + 1_000_000
    for (const { address } of target.replicas) {
      const { resultPropagate } = await call(address, 'Order.Propagate', { orderNum, ...trade('tesla', 'sell', 1) })
      expect(resultPropagate).toBe(0)
      expect(await call(address, 'Order.Lookup', { orderNum })).toEqual(NONE)
    }
  })

  test('of another content under a number in use: 0, and the order stays as it was', async () => {
    const orderNum = await place(target, 'tesla', 'sell', 2)
    for (const { address } of target.replicas) {
      const { resultPropagate } = await call(address, 'Order.Propagate', { orderNum, ...trade('tesla', 'buy', 999) })
      expect(resultPropagate).toBe(0)
    }
    expect(await orderNumber(target, orderNum)).toMatchObject({ type: 'sell', quantity: 2 })
    await place(target, 'tesla', 'buy', 2)
  })
})

describe('Order.Synchronize at the leader', () => {
  const NOBODY = '127.0.0.1:1'

  test('streams every order above a number, in order', async () => {
    const number = await place(target, 'apple', 'sell', 1)
    const last = await place(target, 'apple', 'buy', 1)
    const missed = await synchronize(await leaderOf(target), number - 1, NOBODY)
    const numbers = missed.map(({ orderNum }) => orderNum)
    expect(numbers.slice(0, 2)).toEqual([number, number + 1])
    expect(numbers).toContain(last)
    expect(numbers).toEqual(numbers.map((_, i) => number + i))
    expect(missed[0]).toMatchObject({ orderNum: number, ...(isForeign ? {} : trade('apple', 'sell', 1)) })
  })

  test('streams everything to a replica that has nothing', async () => {
    const last = await place(target, 'apple', 'sell', 1)
    const all = await synchronize(await leaderOf(target), -1, NOBODY)
    expect(all.map(({ orderNum }) => orderNum)).toEqual(all.map((_, i) => i))
    expect(all.length).toBeGreaterThan(last)
  })

  test('streams nothing to a replica that has all, and trading goes on without the one that never came', async () => {
    const last = await place(target, 'apple', 'sell', 1)
    const rest = await synchronize(await leaderOf(target), last, NOBODY)
    if (!isForeign) expect(rest).toEqual([])
    await place(target, 'apple', 'buy', 1)
  })
})

test('Order.AssignFollowers with the followers it has leaves the leader in its place', async () => {
  const leader = await leaderOf(target)
  const [followerOne = '', followerTwo = ''] = await followersOf(target)
  const { resultFollowers } = await call(leader, 'Order.AssignFollowers', { followerOne, followerTwo })
  expect(resultFollowers).toBe(1)
  expect(await leaderOf(target)).toBe(leader)
  await place(target, 'apple', 'sell', 1)
  await place(target, 'apple', 'buy', 1)
})
