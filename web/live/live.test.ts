import { describe, expect, test } from 'vitest'
import type { LiveHello, LiveProcess, LiveState, OrderRow, StockRow } from '../../src/http/live.ts'
import { clusterLayout } from './cluster-layout.ts'
import { afterControlEvent, afterLook } from './faults.ts'
import { copiesOf, healthOf } from './health.ts'
import { LiveModel } from './model.ts'
import { SAMPLES_MAX, stallsIn, withState } from './samples.ts'
import { found, rowsInSight, sparkline, StockLevels } from './stock-levels.ts'

const BARE: LiveProcess = {
  ...{ name: 'order-1', role: 'follower', address: '127.0.0.1:1', pid: 1, uptimeMs: 1, cpuShare: 0, memoryBytes: 0 },
  ...{ reachable: true, length: 3, sees: [] },
}
const PROCESSES: readonly LiveProcess[] = [
  { ...BARE, name: 'frontend', role: 'front end', sees: ['order-1', 'order-2', 'catalogue'] },
  { ...BARE, name: 'order-1', role: 'leader', sees: ['catalogue', 'order-2'] },
  { ...BARE, name: 'order-2' },
  { ...BARE, name: 'catalogue', role: 'catalogue' },
]
const CACHE = { names: [], stocksMax: 8, hits: 0, misses: 0, evictions: 0, invalidations: 0, caching: true, session: true }
const STATE: LiveState = {
  ...{ timeMs: 1_000, leader: 'order-1', epoch: 1, trading: true, published: 3, ordersPerSecond: 1, waiting: 0, readers: 1 },
  latency: { orders: { count: 1, p50: 1, p95: 2, p99: 3, max: 4 }, hits: null, misses: null, queries: null },
  ...{ stallMs: 0, longestStall: null, common: null, processes: PROCESSES, cache: CACHE },
}
const order = (number: number): OrderRow => [number, 'tesla', 'buy', 1, 1_000 + number, 1]
const HELLO: LiveHello = {
  ...{ frontEnd: 'fe', cluster: 'c', history: 'h', published: 3, state: STATE },
  stocks: [['tesla', 18_326, 10, 100]],
  orders: [order(0), order(1), order(2)],
  story: [{ seq: 1, atMs: 5, kind: 'elected', text: 'order-1 leads.' }],
}

describe('the model', () => {
  const model = () => {
    const made = new LiveModel(() => 1_000)
    made.apply({ name: 'hello', data: HELLO })
    return made
  }
  const numbers = (of: LiveModel) => of.tape.value.map(([number]) => number)

  test('has each order once, newest first', () => {
    const live = model()
    live.apply({ name: 'orders', data: { rows: [order(2), order(3), order(4)] } })
    live.apply({ name: 'hello', data: HELLO })
    expect(numbers(live)).toEqual([4, 3, 2, 1, 0])
  })

  test('begins the tape anew after a reset', () => {
    const live = model()
    live.apply({ name: 'reset', data: { why: 'another ledger' } })
    live.apply({ name: 'hello', data: { ...HELLO, orders: [order(0)] } })
    expect(numbers(live)).toEqual([0])
  })

  test('begins the tape anew with another cluster', () => {
    const live = model()
    live.apply({ name: 'hello', data: { ...HELLO, cluster: 'd', orders: [order(0)] } })
    expect(numbers(live)).toEqual([0])
  })

  test('tells a story once, in the order of time, with what the control port says', () => {
    const live = model()
    live.applyControl({ name: 'order-2', event: 'exited', pid: 7, signal: 'SIGKILL', code: null, atMs: 3 })
    live.apply({ name: 'story', data: { items: HELLO.story } })
    expect(live.happenings.value.map(({ text }) => text)).toEqual(['order-1 leads.', 'order-2 was ended by SIGKILL.'])
  })

  test('gives a whole picture to a reader that joins', () => {
    const live = model()
    live.apply({ name: 'stocks', data: { rows: [['tesla', 18_326, 9, 101]] } })
    expect(live.snapshot()).toMatchObject({ cluster: 'c', stocks: [['tesla', 18_326, 9, 101]], orders: HELLO.orders })
    expect(new LiveModel(() => 0).snapshot()).toBeUndefined()
  })
})

describe('health', () => {
  const gone = { ...STATE, processes: PROCESSES.map((each) => (each.name === 'order-2' ? { ...each, reachable: false } : each)) }
  test.each([
    ['connecting', null, 'Connecting'],
    ['open', STATE, 'Trading'],
    ['open', gone, 'Trading without order-2'],
    ['open', { ...STATE, stallMs: 1_234 }, 'Stalled for 1.2 s'],
    ['open', { ...STATE, trading: false, leader: null }, 'Not trading: no leader'],
    ['lost', STATE, 'No answer from the front end'],
  ] as const)('%s: %#', (connection, state, words) => expect(healthOf(connection, state).words).toBe(words))

  test('copies are compared at one number', () => {
    const of = (digests: Record<string, string>) => copiesOf({ ...STATE, common: { number: 3, digests } })
    expect(of({ a: 'aaaaaaaa0', b: 'aaaaaaaa0' })).toEqual({ mood: 'good', words: '2 = aaaaaaaa' })
    expect(of({ a: 'aaaaaaaa0', b: 'aaaaaaaa1' })).toEqual({ mood: 'bad', words: '2 differ' })
    expect(copiesOf(STATE)).toBeUndefined()
  })
})

describe('faults', () => {
  const event = { name: 'order-2', pid: 1 }

  test('last from the signal until the process is reached again', () => {
    const killed = afterControlEvent([], { ...event, event: 'exited', atMs: 10 })
    expect(killed).toEqual([{ name: 'order-2', kind: 'killed', fromMs: 10 }])
    expect(afterLook(killed, PROCESSES, 20)).toEqual(killed)
    const started = afterControlEvent(killed, { ...event, event: 'started', atMs: 30 })
    expect(afterLook(started, PROCESSES, 50)).toEqual([{ name: 'order-2', kind: 'gone', fromMs: 10, toMs: 50 }])
  })

  test('are seen without a control port, too', () => {
    const lost = PROCESSES.map((each) => ({ ...each, reachable: each.name !== 'order-2' }))
    const seen = afterLook([], lost, 10)
    expect(afterLook(seen, lost, 15)).toEqual(seen)
    expect(afterLook(seen, PROCESSES, 20)).toEqual([{ name: 'order-2', kind: 'gone', fromMs: 10, toMs: 20 }])
  })

  test('are not ended by a look when the control port has begun them', () => {
    const paused = afterControlEvent([], { ...event, event: 'paused', atMs: 10 })
    expect(afterLook(paused, PROCESSES, 20)).toEqual(paused)
  })
})

describe('samples', () => {
  test('are one for each second, with the longest stall of it', () => {
    let samples = withState([], { ...STATE, timeMs: 1_100, stallMs: 700 })
    samples = withState(samples, { ...STATE, timeMs: 1_600 })
    samples = withState(samples, { ...STATE, timeMs: 2_100, latency: { ...STATE.latency, orders: null } })
    expect(samples.map(({ atMs, p50, stallMs }) => [atMs, p50, stallMs])).toEqual([
      [1_600, 1, 700],
      [2_100, null, 0],
    ])
  })

  test('tell of a time without any state as one without an answer', () => {
    const samples = withState(withState([], { ...STATE, timeMs: 1_000 }), { ...STATE, timeMs: 6_000 })
    expect(samples.map(({ p50 }) => p50)).toEqual([1, null, 1])
    expect(stallsIn(samples, 400)).toEqual([{ fromMs: 1_000, toMs: 5_999 }])
  })

  test('are forgotten in time', () => {
    let samples = withState([], STATE)
    for (let at = 0; at < SAMPLES_MAX + 5; at += 1) samples = withState(samples, { ...STATE, timeMs: at * 1_000 })
    expect(samples).toHaveLength(SAMPLES_MAX)
  })

  test('tell of stalls, a long one as one', () => {
    const at = (atMs: number, stallMs: number) => ({ atMs, stallMs, p50: null, p95: null, p99: null, rate: 0 })
    expect(stallsIn([at(1_000, 500), at(2_000, 1_500), at(3_000, 0), at(9_000, 100), at(10_000, 900)], 400)).toEqual([
      { fromMs: 500, toMs: 2_000 },
      { fromMs: 9_100, toMs: 10_000 },
    ])
  })
})

describe('stocks', () => {
  const rows: readonly StockRow[] = [
    ['tesla', 300, 5, 1],
    ['apple', 100, 9, 1],
    ['Ford', 200, 7, 4],
  ]
  const names = (list: readonly StockRow[]) => list.map(([name]) => name)

  test('are found and sorted', () => {
    expect(names(found(rows, '', 'name'))).toEqual(['Ford', 'apple', 'tesla'])
    expect(names(found(rows, '', 'price'))).toEqual(['tesla', 'Ford', 'apple'])
    expect(names(found(rows, '', 'volume'))).toEqual(['Ford', 'apple', 'tesla'])
    expect(names(found(rows, ' FOR ', 'name'))).toEqual(['Ford'])
  })

  test('of ten thousand, few rows are drawn, the last ones too', () => {
    const box = { rowPx: 32, heightPx: 320 }
    expect(rowsInSight(10_000, { ...box, scrolledPx: 0 })).toEqual({ first: 0, end: 17 })
    expect(rowsInSight(10_000, { ...box, scrolledPx: 9_990 * 32 })).toEqual({ first: 9_984, end: 10_000 })
    expect(rowsInSight(3, { ...box, scrolledPx: 900 })).toEqual({ first: 0, end: 3 })
    expect(rowsInSight(0, { ...box, scrolledPx: 0 })).toEqual({ first: 0, end: 0 })
  })

  test('have a sparkline of the last minute', () => {
    const stocks = new StockLevels()
    stocks.replace(rows, 0)
    stocks.update([['tesla', 300, 4, 2]], 1_000)
    stocks.update([['tesla', 300, 6, 4]], 2_000)
    expect(stocks.movesOf('tesla', 2_000)).toEqual([5, 4, 6])
    expect(stocks.movesOf('tesla', 61_500)).toEqual([6])
    expect(stocks.fullest()).toBe('apple')
    expect(sparkline([5, 4, 6], 10, 4)).toBe('M0.0 2.0L5.0 4.0L10.0 0.0')
    expect(sparkline([5], 10, 4)).toBe('')
  })
})

describe('the drawing', () => {
  const arrows = (processes: readonly LiveProcess[]) =>
    Object.fromEntries(clusterLayout(processes).arrows.map(({ id, kind, isConnected }) => [id, [kind, isConnected]]))

  test('has an arrow for each connection', () => {
    expect(arrows(PROCESSES)).toEqual({
      clients: ['orders', true],
      'frontend order-1': ['orders', true],
      'frontend order-2': ['pings', true],
      'order-1 catalogue': ['orders', true],
      'copies order-1 order-2': ['copies', true],
    })
  })

  test('shows who does not see whom', () => {
    const parted = PROCESSES.map((each) => (each.role === 'front end' ? { ...each, sees: ['order-1'] } : each))
    expect(arrows(parted)['frontend order-2']).toEqual(['pings', false])
  })

  test.each([1, 3, 16])('keeps %i replicas apart', (count) => {
    const replicas = Array.from({ length: count }, (_, at) => ({ ...BARE, name: `order-${at + 1}` }))
    const { boxes, height } = clusterLayout(replicas)
    for (const [at, { y, height: own }] of boxes.entries()) {
      expect(y).toBeGreaterThanOrEqual(at === 0 ? 0 : (boxes[at - 1]?.y ?? 0) + (boxes[at - 1]?.height ?? 0))
      expect(y + own).toBeLessThanOrEqual(height)
    }
  })
})
