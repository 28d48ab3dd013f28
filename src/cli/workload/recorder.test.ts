import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { Recorder } from './recorder.ts'
import { TimelineFile, timelinePath } from './timeline-file.ts'

let nowMs = 0
const clock = { ...systemClock, wallMs: () => Date.UTC(2026, 10, 28) + nowMs, monotonicMs: () => nowMs }
const order = { name: 'a, "b"', type: 'buy', quantity: 5 }
const ok = { kind: 'ok', number: 7, replayed: false, key: 'k' } as const
const unknown = { kind: 'unknown', cause: 'no answer', key: 'k', mayHaveBeenPlaced: true } as const

test('the longest pause is one in which an order waits, and no order is answered', () => {
  nowMs = 0
  const recorder = new Recorder(clock, undefined)
  const asks = () => recorder.asks({ operation: 'trade', name: 'a', order })
  asks()(ok)
  nowMs = 1_000 // Nobody waits.
  const [first, second] = [asks(), asks()]
  nowMs = 1_100
  first(ok)
  nowMs = 1_150
  recorder.asks({ operation: 'lookup', name: 'a' })({ kind: 'ok', value: {} })
  nowMs = 1_400
  second(ok)
  expect(recorder.course().longestPause).toEqual({ ms: 300, atMs: Date.UTC(2026, 10, 28) + 1_100 })
  const third = asks()
  const fourth = asks()
  nowMs = 1_600
  third(unknown)
  nowMs = 1_800
  fourth(ok)
  expect(recorder.course().longestPause).toMatchObject({ ms: 400 })
})

test('retries that follow each other are one burst, and a limited number of bursts is told', () => {
  const recorder = new Recorder(clock, undefined)
  for (nowMs of [0, 500, 1_400, 3_000]) recorder.repeats(`at ${nowMs}`)
  const { times, bursts } = recorder.course().retries
  expect([times, ...bursts.map((burst) => [burst.times, burst.cause])]).toEqual([4, [3, 'at 1400'], [1, 'at 3000']])
  for (let n = 2; n < 100; n++) {
    nowMs = n * 5_000
    recorder.repeats('again')
  }
  expect(recorder.course().retries).toMatchObject({ times: 102, bursts: { length: 20 } })
})

function written(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-timeline-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = new TimelineFile(join(folder, name))
  const recorder = new Recorder(clock, file)
  nowMs = 1_500
  const hear = recorder.asks({ operation: 'trade', name: order.name, order })
  nowMs = 1_512.3456
  hear(ok)
  recorder.asks({ operation: 'query', number: 7 })({ kind: 'refused', status: 404, code: 404, message: 'transaction not found' })
  file.end()
  return readFileSync(join(folder, name), 'utf8')
}

test('the timeline as CSV', () => {
  expect(written('run.csv').split('\n')).toEqual([
    'time,operation,tookMs,outcome,name,type,quantity,number,cause',
    '2026-11-28T00:00:01.500Z,trade,12.346,ok,"a, ""b""",buy,5,7,',
    '2026-11-28T00:00:01.512Z,query,0,refused,,,,7,transaction not found',
    '',
  ])
})

test('the timeline as JSON', () => {
  expect(JSON.parse(written('run.json'))).toMatchObject([
    { time: '2026-11-28T00:00:01.500Z', operation: 'trade', outcome: 'ok', number: 7, tookMs: 12.346 },
    { operation: 'query', outcome: 'refused', cause: 'transaction not found' },
  ])
})

test('a timeline without a known ending, and one that cannot be written, are refused', () => {
  expect(() => timelinePath('run.txt')).toThrow('It must end with .csv or .json.')
  expect(timelinePath('a/run.JSON')).toBe('a/run.JSON')
  expect(() => new TimelineFile(join(tmpdir(), 'no such folder', 'run.csv'))).toThrow(/^cannot write to .*ENOENT/)
})
