import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { openingStocksFrom, readOpeningStocks } from './opening-stocks.ts'

const ACME = { name: 'acme', price: 12.5, quantity: 400 }

test('reads stocks with exact cents', () => {
  const stocks = [ACME, { name: 'crème brûlée', price: 183.26, quantity: 0, volume: 7 }, { ...ACME, name: 'b', price: 0.29 }]
  expect(openingStocksFrom(stocks)).toEqual([
    { name: 'acme', priceCents: 1250, quantity: 400, volume: 0 },
    { name: 'crème brûlée', priceCents: 18326, quantity: 0, volume: 7 },
    { name: 'b', priceCents: 29, quantity: 400, volume: 0 },
  ])
})

test('takes every price of two decimals', () => {
  const stocks = Array.from({ length: 100_000 }, (_, at) => ({ ...ACME, name: `${at}`, price: Number(`${at}.${(at % 90) + 10}`) }))
  expect(openingStocksFrom(stocks).every(({ priceCents }, at) => priceCents === at * 100 + (at % 90) + 10)).toBe(true)
})

test.each([
  ['no array', { stocks: [] }, /must hold a JSON array/],
  ['no stock', [], /must hold a JSON array/],
  ['something else than an object', [ACME, 'acme'], /stock 2: it must be an object/],
  ['a member that nobody knows', [{ ...ACME, prise: 1 }], /stock 1: no member is called "prise"/],
  ['no name', [{ price: 1, quantity: 1 }], /stock 1: name must be/],
  ['an empty name', [{ ...ACME, name: '' }], /stock 1: name must be/],
  ['half a character in a name', [{ ...ACME, name: '\ud800' }], /stock 1: name must be/],
  ['a name that is too long', [{ ...ACME, name: 'é'.repeat(129) }], /stock 1: name must be a text of 1 to 256 bytes/],
  ['the same name twice', [ACME, { ...ACME, name: 'b' }, ACME], /stocks 1 and 3 have the same name "acme"/],
  ['a price in words', [{ ...ACME, price: '12.5' }], /stock 1: price must be/],
  ['a price of nothing', [{ ...ACME, price: 0 }], /stock 1: price must be/],
  ['a price below zero', [{ ...ACME, price: -1 }], /stock 1: price must be/],
  ['a price with three decimals', [{ ...ACME, price: 1.005 }], /stock 1: price must be/],
  ['a price beyond all numbers', [{ ...ACME, price: 1e300 }], /stock 1: price must be/],
  ['half a share', [{ ...ACME, quantity: 0.5 }], /stock 1: quantity must be/],
  ['less than no shares', [{ ...ACME, quantity: -1 }], /stock 1: quantity must be/],
  ['no quantity', [{ name: 'acme', price: 1 }], /stock 1: quantity must be/],
  ['a volume in words', [{ ...ACME, volume: 'many' }], /stock 1: volume must be/],
])('refuses %s', (_, value, words) => {
  expect(() => openingStocksFrom(value)).toThrow(words)
})

test('refuses more stocks, and longer names, than one message should carry', () => {
  const stocks = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) => ({ ...ACME, name: `${at}`.padStart(length, '-') }))
  expect(() => openingStocksFrom(stocks(LIMITS.stocksMax + 1, 6))).toThrow(/holds 100001 stocks, at most 100000/)
  expect(openingStocksFrom(stocks(LIMITS.stocksMax, 40))).toHaveLength(LIMITS.stocksMax)
  expect(() => openingStocksFrom(stocks(LIMITS.stocksMax, 42))).toThrow(/all names together take 4200000 bytes/)
})

test('names the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-stocks-'))
  try {
    const file = join(folder, 'stocks.json')
    expect(() => readOpeningStocks(file)).toThrow(/cannot read the stocks in .*stocks\.json: .*ENOENT/)
    writeFileSync(file, '[{')
    expect(() => readOpeningStocks(file)).toThrow(/cannot read the stocks in .*stocks\.json/)
    writeFileSync(file, JSON.stringify([{ ...ACME, price: 0 }]))
    expect(() => readOpeningStocks(file)).toThrow(/stocks\.json: stock 1: price/)
    writeFileSync(file, JSON.stringify([ACME]))
    expect(readOpeningStocks(file)).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
