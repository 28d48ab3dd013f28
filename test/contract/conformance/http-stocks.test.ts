import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './http.ts'
import { levelOf, openTarget, place, refusal, type Target } from './target.ts'

let target: Target
beforeAll(async () => {
  target = await openTarget()
})
afterAll(() => target?.close())

const PRICES = {
  apple: 152.59,
  tesla: 183.26,
  ford: 11.93,
  amazon: 94.88,
  nvidia: 240.63,
  intel: 28.01,
  meta: 194.02,
  nike: 126.13,
  amc: 4.78,
  gamestop: 20,
}
const NOT_FOUND = { status: 404, code: 404, message: 'stock not found' }

describe('GET /stocks/<name>', () => {
  test.each(Object.entries(PRICES))('%s costs %d', async (name, price) => {
    const answer = await ask(target.frontEnd, `/stocks/${name}`)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.body).toEqual({ data: { name, price, quantity: expect.any(Number) } })
  })

  test('shows what an order changed, at once', async () => {
    const before = await levelOf(target, 'meta')
    await place(target, 'meta', 'sell', 5)
    expect(await levelOf(target, 'meta')).toBe(before + 5)
    await place(target, 'meta', 'buy', 5)
    expect(await levelOf(target, 'meta')).toBe(before)
  })

  test('decodes the name', async () => {
    const { body } = await ask(target.frontEnd, '/stocks/%61pp%6Ce')
    expect(body).toMatchObject({ data: { name: 'apple' } })
  })

  test.each([
    ['an unknown name', '/stocks/no-such-stock'],
    ['another case: names are matched exactly', '/stocks/Apple'],
    ['a trailing space', '/stocks/apple%20'],
    ['a leading space', '/stocks/%20apple'],
    ['a name with spaces', '/stocks/berkshire%20hathaway%20inc'],
    ['a plus sign, which is no space in a path', '/stocks/berkshire+hathaway'],
    ['a UTF-8 name', '/stocks/%E6%A0%AA%E5%BC%8F'],
    ['a slash within the name', '/stocks/apple%2Ftesla'],
    ['a percent sign', '/stocks/100%25'],
    ['a zero byte', '/stocks/apple%00'],
    ['a long name', `/stocks/${'x'.repeat(300)}`],
    ['a name of the language', '/stocks/__proto__'],
    ['a quotation mark', '/stocks/%27%20OR%20%271%27%3D%271'],
  ])('%s: 404', async (_, path) => {
    expect(refusal(await ask(target.frontEnd, path))).toEqual(NOT_FOUND)
  })

  test.each(['/stocks/%', '/stocks/%zz', '/stocks/%E0%A4'])('%s, no URL encoding: refused within the envelope', async (path) => {
    const { status, code, message } = refusal(await ask(target.frontEnd, path))
    expect([400, 404]).toContain(status)
    expect(code).toBe(status)
    expect(message).toEqual(expect.any(String))
  })

  test('many requests go over one connection', async () => {
    const { headers } = await ask(target.frontEnd, '/stocks/apple', { headers: { connection: 'keep-alive' } })
    expect(headers.connection).not.toBe('close')
  })
})

describe('GET /cache/<name>', () => {
  test.each(['apple', 'no-such-stock', 'two%20words', '%C3%BC'])('%s: 200 and nothing in it', async (name) => {
    const answer = await ask(target.frontEnd, `/cache/${name}`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ data: {} })
  })

  test('the next lookup shows the same level', async () => {
    const before = await levelOf(target, 'nike')
    await ask(target.frontEnd, '/cache/nike')
    expect(await levelOf(target, 'nike')).toBe(before)
  })
})

describe('what the table does not name', () => {
  test.each(['/no/such/path', '/stock/apple', '/stocks/apple/price', '/order/1', '/ORDERS'])('%s: 404', async (path) => {
    const { status, code } = refusal(await ask(target.frontEnd, path))
    expect({ status, code }).toEqual({ status: 404, code: 404 })
  })

  test.each([
    ['POST', '/stocks/apple', 'GET'],
    ['DELETE', '/stocks/apple', 'GET'],
    ['PUT', '/orders', 'POST'],
    ['DELETE', '/orders', 'POST'],
    ['POST', '/orders/0', 'GET'],
    ['PATCH', '/orders/0', 'GET'],
    ['POST', '/cache/apple', 'GET'],
    ['POST', '/leader', 'GET'],
  ])('%s %s: 405 with Allow', async (method, path, allowed) => {
    const answer = await ask(target.frontEnd, path, { method, ...(method === 'DELETE' ? {} : { body: '{}' }) })
    const { status, code } = refusal(answer)
    expect({ status, code }).toEqual({ status: 405, code: 405 })
    expect(String(answer.headers.allow).split(/,\s*/)).toContain(allowed)
  })
})
