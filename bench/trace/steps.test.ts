import { expect, test } from 'vitest'
import { EVENT, type EventName, type ProcessTrace } from './events.ts'
import { batchesBetween, sorted, WHOLE } from './steps.ts'

function traceOf(command: string, events: readonly (readonly [EventName, number])[]): ProcessTrace {
  return { command, pid: 1, kinds: events.map(([event]) => EVENT[event]), times: events.map(([, time]) => time) }
}

const FRONT_END = traceOf('frontend', [
  ['front end: orders sent', 0],
  ['front end: outcomes heard', 90],
])
const CATALOGUE = traceOf('catalog', [
  ['catalogue: batch heard', 20],
  ['commit', 25],
  ['committed', 35],
  ['catalogue: decision sent', 36],
  ['catalogue: publish heard', 75],
  ['catalogue: published', 77],
])
const LEADER = traceOf('order', [
  ['leader: orders heard', 5],
  ['leader: batch sent', 10],
  ['leader: decision heard', 40],
  ['leader: entries handed over', 42],
  ['commit', 45],
  ['committed', 55],
  ['leader: followers hold', 68],
  ['leader: publish sent', 70],
  ['leader: published', 80],
])
const follower = (saysAt: number) =>
  traceOf('order', [
    ['follower: entries heard', 50],
    ['commit', 52],
    ['committed', 60],
    ['follower: says that it holds', saysAt],
  ])

test('a batch is followed through the processes, with the follower that answered last', () => {
  const traces = sorted([follower(62), LEADER, follower(65), CATALOGUE, FRONT_END])
  const [batch] = batchesBetween(traces, 0, 100)
  expect(batch?.get('catalogue: commit and sync')).toBe(10)
  expect(batch?.get('leader: commit and sync')).toBe(10)
  expect(batch?.get('last follower → leader: it holds')).toBe(3)
  expect(batch?.get(WHOLE)).toBe(80)
})

test('a step that a batch did not go through is missing', () => {
  const traces = sorted([LEADER, CATALOGUE, FRONT_END])
  const [batch] = batchesBetween(traces, 0, 100)
  expect(batch?.has('last follower: write')).toBe(false)
})

test('a trace without a catalogue is refused', () => {
  expect(() => sorted([LEADER, FRONT_END])).toThrow('a process left no trace')
})
