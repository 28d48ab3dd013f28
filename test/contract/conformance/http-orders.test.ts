import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, order } from './http.ts'
import { isForeign, levelOf, openTarget, orderNumber, place, refusal, type Target } from './target.ts'

let target: Target
beforeAll(async () => {
  target = await openTarget()
})
afterAll(() => target?.close())

const INT32_MAX = 2_147_483_647
const UNKNOWN_STOCK = { status: 404, code: 404, message: 'stock not found' }
const INVALID_TYPE = { status: 400, code: 400, message: 'invalid request type' }
const INVALID_QUANTITY = { status: 400, code: 404, message: 'invalid number of stocks' }
const NOT_ENOUGH = { status: 400, code: 404, message: 'not enough stocks available to buy' }
const UNKNOWN_ORDER = { status: 404, code: 404, message: 'transaction not found' }

describe('POST /orders, accepted', () => {
  test('a buy takes shares, a sell adds them, and both can be queried', async () => {
    const before = await levelOf(target, 'apple')
    const answer = await order(target.frontEnd, { name: 'apple', quantity: 3, type: 'buy' })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ data: { transaction_number: expect.any(Number) } })
    expect(await levelOf(target, 'apple')).toBe(before - 3)

    const sold = await place(target, 'apple', 'sell', 3)
    expect(await levelOf(target, 'apple')).toBe(before)
    expect(await orderNumber(target, sold)).toEqual({ number: sold, name: 'apple', type: 'sell', quantity: 3 })
  })

  test('the largest quantity there is', async () => {
    const before = await levelOf(target, 'intel')
    const sold = await place(target, 'intel', 'sell', INT32_MAX)
    expect(await levelOf(target, 'intel')).toBe(before + INT32_MAX)
    await place(target, 'intel', 'buy', INT32_MAX)
    expect(await levelOf(target, 'intel')).toBe(before)
    expect((await orderNumber(target, sold)).quantity).toBe(INT32_MAX)
  })

  test('the very last share', async () => {
    const left = await levelOf(target, 'amc')
    await place(target, 'amc', 'buy', left)
    expect(await levelOf(target, 'amc')).toBe(0)
    expect(refusal(await order(target.frontEnd, { name: 'amc', quantity: 1, type: 'buy' }))).toEqual(NOT_ENOUGH)
    await place(target, 'amc', 'sell', left)
  })

  test('unknown members do no harm', async () => {
    const answer = await order(target.frontEnd, { comment: 'hi', type: 'sell', quantity: 1, name: 'ford' })
    expect(answer.status).toBe(200)
  })

  test('numbers are dense, and a rejected order uses none', async () => {
    const first = await place(target, 'ford', 'sell', 1)
    await order(target.frontEnd, { name: 'no-such-stock', quantity: 1, type: 'buy' })
    await order(target.frontEnd, { name: 'ford', quantity: 1, type: 'short' })
    await order(target.frontEnd, { name: 'ford', quantity: 0, type: 'buy' })
    await order(target.frontEnd, { name: 'ford', quantity: INT32_MAX, type: 'buy' })
    await order(target.frontEnd, { name: 'ford' })
    const second = await place(target, 'ford', 'buy', 1)
    if (isForeign)
      expect(second).toBeGreaterThan(first) // Others may have traded in between.
    else expect(second).toBe(first + 1)
  })

  test('orders placed at once get numbers of their own, without a gap', async () => {
    const before = await place(target, 'nike', 'sell', 1)
    const numbers = await Promise.all(Array.from({ length: 30 }, () => place(target, 'nike', 'sell', 1)))
    await place(target, 'nike', 'buy', 31)
    expect(new Set(numbers).size).toBe(30)
    if (!isForeign) expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => before + 1 + i))
  })
})

describe('POST /orders, rejected', () => {
  const buy = { name: 'tesla', quantity: 1, type: 'buy' }

  test.each([
    ['unknown stock', { ...buy, name: 'no-such-stock' }, UNKNOWN_STOCK],
    ['stock in another case', { ...buy, name: 'Tesla' }, UNKNOWN_STOCK],
    ['a name with spaces and UTF-8', { ...buy, name: 'zwölf Töpfe 株' }, UNKNOWN_STOCK],
    ['an empty name', { ...buy, name: '' }, UNKNOWN_STOCK],
    ['unknown type', { ...buy, type: 'hold' }, INVALID_TYPE],
    ['type in another case', { ...buy, type: 'BUY' }, INVALID_TYPE],
    ['an empty type', { ...buy, type: '' }, INVALID_TYPE],
    ['quantity 0', { ...buy, quantity: 0 }, INVALID_QUANTITY],
    ['quantity -1', { ...buy, quantity: -1 }, INVALID_QUANTITY],
    ['a sell of quantity -1', { ...buy, type: 'sell', quantity: -1 }, INVALID_QUANTITY],
    ['quantity 1.5', { ...buy, quantity: 1.5 }, INVALID_QUANTITY],
    ['quantity above 2147483647', { ...buy, quantity: INT32_MAX + 1 }, INVALID_QUANTITY],
    ['a sell above 2147483647', { ...buy, type: 'sell', quantity: INT32_MAX + 1 }, INVALID_QUANTITY],
    ['quantity 2^32 + 1, which is 1 when cut to 32 bits', { ...buy, quantity: 2 ** 32 + 1 }, INVALID_QUANTITY],
    ['quantity 1e300', { ...buy, quantity: 1e300 }, INVALID_QUANTITY],
    ['a buy of more than there is', { ...buy, quantity: INT32_MAX }, NOT_ENOUGH],
  ])('%s', async (_, body, expected) => {
    expect(refusal(await order(target.frontEnd, body))).toEqual(expected)
  })

  test.each([
    ['stock before type', { name: 'nothing', quantity: 1, type: 'hold' }, UNKNOWN_STOCK],
    ['stock before quantity', { name: 'nothing', quantity: 0, type: 'buy' }, UNKNOWN_STOCK],
    ['stock before both', { name: 'nothing', quantity: -3, type: 'hold' }, UNKNOWN_STOCK],
    ['type before quantity', { ...buy, quantity: 0, type: 'hold' }, INVALID_TYPE],
    ['type before availability', { ...buy, quantity: INT32_MAX, type: 'hold' }, INVALID_TYPE],
    ['quantity before availability', { ...buy, quantity: INT32_MAX + 1 }, INVALID_QUANTITY],
  ])('order of the checks: %s', async (_, body, expected) => {
    expect(refusal(await order(target.frontEnd, body))).toEqual(expected)
  })

  test('a rejection changes no level', async () => {
    const before = await levelOf(target, 'tesla')
    for (const quantity of [0, -5, 1.5, INT32_MAX]) await order(target.frontEnd, { ...buy, quantity })
    expect(await levelOf(target, 'tesla')).toBe(before)
  })
})

describe('POST /orders, malformed', () => {
  test.each([
    ['not JSON', 'name=tesla&quantity=1&type=buy'],
    ['cut off', '{"name":"tesla","quantity":1,'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"tesla"'],
    ['a number', '7'],
    ['no members', '{}'],
    ['no name', '{"quantity":1,"type":"buy"}'],
    ['no quantity', '{"name":"tesla","type":"buy"}'],
    ['no type', '{"name":"tesla","quantity":1}'],
    ['a name that is no string', '{"name":7,"quantity":1,"type":"buy"}'],
    ['a type that is no string', '{"name":"tesla","quantity":1,"type":7}'],
  ])('%s: 400', async (_, body) => {
    const { status, message } = refusal(await ask(target.frontEnd, '/orders', { method: 'POST', body }))
    expect(status).toBe(400)
    expect(message).toEqual(expect.any(String))
  })

  test.each(['"5"', 'null', 'true', '[1]', '{}', '1e400'])('quantity %s is no integer: 400', async (quantity) => {
    const body = `{"name":"tesla","quantity":${quantity},"type":"buy"}`
    const { status, message } = refusal(await ask(target.frontEnd, '/orders', { method: 'POST', body }))
    expect(status).toBe(400)
    expect(message).toEqual(expect.any(String))
  })

  test('a body over the limit: 413', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(2 << 20), quantity: 1, type: 'buy' })
    const { status, code } = refusal(await ask(target.frontEnd, '/orders', { method: 'POST', body }))
    expect({ status, code }).toEqual({ status: 413, code: 413 })
  })
})

describe('GET /orders/<number>', () => {
  test('an order that is there', async () => {
    const number = await place(target, 'gamestop', 'sell', 7)
    const answer = await ask(target.frontEnd, `/orders/${number}`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ data: { number, name: 'gamestop', type: 'sell', quantity: 7 } })
    await place(target, 'gamestop', 'buy', 7)
  })

  test('the first order has number 0', async () => {
    await place(target, 'gamestop', 'sell', 1)
    expect((await orderNumber(target, 0)).number).toBe(0)
  })

  test.each([
    '2147483646',
    '2147483648',
    '9007199254740993',
    '99999999999999999999999',
    '-1',
    '-0.5',
    '1.5',
    'abc',
    '12abc',
    'NaN',
    'Infinity',
    '0x0',
    '%20',
    '%00',
    '%C3%BC',
    '__proto__',
  ])('%s: 404', async (number) => {
    expect(refusal(await ask(target.frontEnd, `/orders/${number}`))).toEqual(UNKNOWN_ORDER)
  })
})
