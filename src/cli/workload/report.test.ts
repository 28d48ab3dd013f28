import { expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { Latencies } from './latency.ts'
import type { Course } from './recorder.ts'
import { isClean, reportJson, reportLines, verdict } from './report.ts'
import { Tally } from './tally.ts'

const order = { number: 4, name: 'tesla', type: 'buy', quantity: 5 }
const accepted = (number: number) => ({ kind: 'ok', number, replayed: false, key: 'k' }) as const
const CALM: Course = { longestPause: null, retries: { times: 0, bursts: [] } }
const lines = (tally: Tally, course = CALM) => reportLines(tally.counts(), new Latencies(systemClock), course, (_, text) => text)

test('every order found as placed is a clean run', () => {
  const tally = new Tally()
  tally.traded(accepted(4))
  tally.queried(order, { kind: 'ok', value: order })
  expect(isClean(tally.counts())).toBe(true)
  expect(lines(tally).at(-1)).toBe('ALL ORDERS VERIFIED')
})

test.each([
  ['another quantity', { kind: 'ok', value: { ...order, quantity: 6 } }],
  ['an order that is gone', { kind: 'refused', status: 404, code: 404, message: 'transaction not found' }],
  ['no answer', { kind: 'unknown', cause: 'timeout' }],
] as const)('%s is a non-match', (_, answer) => {
  const tally = new Tally()
  tally.traded(accepted(4))
  tally.queried(order, answer)
  expect(verdict(tally.counts())).toBe('A NON-MATCH WAS FOUND')
  expect(isClean(tally.counts())).toBe(false)
})

test('a number that was given twice is a non-match', () => {
  const tally = new Tally()
  for (const _ of [1, 2]) {
    tally.traded(accepted(4))
    tally.queried(order, { kind: 'ok', value: order })
  }
  expect(verdict(tally.counts())).toBe('A NON-MATCH WAS FOUND')
})

test('an order without an answer is counted, and the run is not clean', () => {
  const tally = new Tally()
  tally.traded({ kind: 'unknown', cause: 'timeout', key: 'k', mayHaveBeenPlaced: true })
  expect(isClean(tally.counts())).toBe(false)
  expect(lines(tally)).toContain('1 order got no answer')
})

const refused = { kind: 'refused', status: 404, code: 404, message: 'stock not found' } as const

test.each([
  ['refused', refused],
  ['unanswered', { kind: 'unknown', cause: 'timeout', key: 'k', mayHaveBeenPlaced: false }],
] as const)('over orders that were all %s, neither of the two verdicts is given', (_, answer) => {
  const tally = new Tally()
  tally.traded(answer)
  expect(isClean(tally.counts())).toBe(false)
  expect(lines(tally).at(-1)).toBe('NO ORDER WAS ACCEPTED')
})

test('a run that was to look up only is clean when every lookup was answered', () => {
  const tally = new Tally()
  tally.lookedUp({ kind: 'ok', value: { name: 'tesla', price: 1, quantity: 1 } })
  tally.lookedUp(refused)
  expect(lines(tally)).toContain('1 lookup found no such stock')
  expect(lines(tally).at(-1)).toBe('NO ORDER WAS PLACED')
  expect(isClean(tally.counts())).toBe(true)
  tally.lookedUp({ kind: 'unknown', cause: 'timeout' })
  expect(isClean(tally.counts())).toBe(false)
})

test('latencies of what did not occur are left out', async () => {
  const latencies = new Latencies(systemClock)
  await latencies.measure('trade', async () => {})
  const text = reportLines(new Tally().counts(), latencies, CALM, (_, words) => words).join('\n')
  expect(text).toMatch(/^trade /m)
  expect(text).not.toMatch(/^(lookup|query) /m)
  expect(Object.keys((reportJson(new Tally().counts(), latencies, CALM) as { latencyMs: object }).latencyMs)).toEqual(['trade'])
  expect(lines(new Tally())[0]).toBe('0 orders accepted, 0 refused, 0 verified')
})

test('tells the longest pause, and when requests were sent again', () => {
  const atMs = Date.UTC(2026, 10, 28, 12, 3, 4, 120)
  const bursts = [
    { fromMs: atMs, toMs: atMs + 540, times: 5, cause: '503 no replica leads' },
    { fromMs: atMs + 9_000, toMs: atMs + 9_000, times: 1, cause: 'ECONNREFUSED' },
  ]
  expect(lines(new Tally(), { longestPause: { ms: 512, atMs }, retries: { times: 8, bursts } }).slice(0, 4)).toEqual([
    'longest pause 512 ms without an answer to an order, from 12:03:04.120 on',
    '5 requests sent again from 12:03:04.120 to 12:03:04.660: 503 no replica leads',
    '1 request sent again at 12:03:13.120: ECONNREFUSED',
    '2 more requests sent again later',
  ])
})

test('latencies are in milliseconds', async () => {
  let nowMs = 0
  const latencies = new Latencies({ ...systemClock, monotonicMs: () => nowMs })
  for (const tookMs of [1, 2, 9]) await latencies.measure('lookup', async () => (nowMs += tookMs))
  expect(latencies.summary('lookup')).toMatchObject({
    count: 3,
    average: expect.closeTo(4, 1),
    max: expect.closeTo(9, 1),
  })
})
