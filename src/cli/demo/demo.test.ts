import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { systemRandom } from '../../runtime/random.ts'
import { readDemo, writeDemo } from './demo-file.ts'
import { decideDemo } from './start-demo.ts'
import { demoSide, DemoTraffic } from './traffic.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'bazaar-demo-'))
  mkdirSync(join(data, 'logs'))
})
afterEach(() => rmSync(data, { recursive: true }))

const fill = (name: string) => writeFileSync(join(data, name), '')
const decide = (wish: { demo?: boolean; json?: boolean } = {}) => decideDemo(wish, data, () => {})

describe('who gets demo traffic', () => {
  test('a new folder, which remembers it', () => {
    expect(decide()).toBe(true)
    fill('catalog.db')
    expect(decide()).toBe(true)
  })

  test.each(['catalog.db', 'order1.db', 'order2.db.damaged-1', 'catalog.db.lock'])('no folder with %s', (name) => {
    fill(name)
    expect(decide()).toBe(false)
    expect(readDemo(data)).toBeUndefined()
  })

  test('nobody who reads JSON, not even in a folder that had it', () => {
    expect(decide({ json: true })).toBe(false)
    expect(decide()).toBe(true)
    expect(decide({ json: true })).toBe(false)
    expect(decide()).toBe(true)
  })

  test('whoever wants it, from then on', () => {
    fill('catalog.db')
    expect(decide({ demo: true, json: true })).toBe(true)
    expect(decide()).toBe(true)
  })

  test('nobody who does not want it, from then on', () => {
    expect(decide()).toBe(true)
    fill('catalog.db')
    expect(decide({ demo: false })).toBe(false)
    expect(decide()).toBe(false)
  })

  test('a file that makes no sense remembers no levels', () => {
    for (const text of ['', '{', 'null', '{"usual":7}', '{"usual":{"a":-1,"b":"x","c":1.5,"d":7}}']) {
      writeFileSync(join(data, 'demo.json'), text)
      expect(Object.keys(readDemo(data) ?? {}).filter((name) => name !== 'd')).toEqual([])
    }
    expect(readDemo(data)).toEqual({ d: 7 })
    writeDemo(data, { a: 5 })
    expect([readDemo(data), existsSync(join(data, 'demo.json.new'))]).toEqual([{ a: 5 }, false])
    expect(JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8'))).toEqual({ usual: { a: 5 } })
  })
})

describe('the traffic', () => {
  test('turns back long before a stock is sold out or piled up', () => {
    for (const chance of [0, 0.5, 0.999]) {
      expect(demoSide(500, 1_000, chance)).toBe('sell')
      expect(demoSide(1_500, 1_000, chance)).toBe('buy')
      expect(demoSide(4, 4, chance)).toBe('sell')
      expect(demoSide(0, 0, chance)).toBe('sell')
      expect(demoSide(1e9, 1_000, chance)).toBe('buy')
    }
    expect([demoSide(1_000, 1_000, 0.49), demoSide(1_000, 1_000, 0.51)]).toEqual(['buy', 'sell'])
  })

  test('stays near the usual levels over a hundred thousand orders, and sells nothing that is not there', () => {
    for (const usual of [0, 10, 1_000]) {
      let level = usual
      for (let order = 0; order < 100_000; order++) {
        const quantity = 1 + (Number.parseInt(systemRandom.id(1), 16) % 5)
        level += demoSide(level, usual, Number.parseInt(systemRandom.id(4), 16) / 2 ** 32) === 'buy' ? -quantity : quantity
        if (level < 0 || level > usual + Math.max(50, usual / 2) + 5) throw new Error(`${level} at order ${order}`)
      }
    }
  })

  test('marks its orders, trades nothing else than the usual stocks, and stops', async () => {
    const placed: string[] = []
    const keys: string[] = []
    const stopping = new AbortController()
    const client: ConstructorParameters<typeof DemoTraffic>[0]['client'] = {
      stock: async (name) => ({ kind: 'ok', value: { name, price: 1, quantity: 100 } }),
      place: async ({ name, quantity }, { key = '' } = {}) => {
        placed.push(name)
        keys.push(key)
        expect(quantity).toBeLessThanOrEqual(5)
        if (placed.length === 200) stopping.abort()
        return { kind: 'ok', number: 1, replayed: false, key }
      },
    }
    const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(0, run) }
    await new DemoTraffic({ client, clock, random: systemRandom, usual: { tesla: 100, apple: 100 } }).run(stopping.signal)
    expect(new Set(placed)).toEqual(new Set(['tesla', 'apple']))
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys.every((key) => /^demo-[0-9a-f]{24}$/.test(key))).toBe(true)
    expect(placed.length).toBeLessThan(210)
  })
})
