import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { StatusData } from '../http/types.ts'
import { systemClock } from '../runtime/clock.ts'
import { StatusCourse } from './status-course.ts'

let nowMs: number
const clock = { ...systemClock, wallMs: () => Date.UTC(2026, 10, 28, 12) + nowMs, monotonicMs: () => nowMs }
const course = () => {
  nowMs = 0
  return new StatusCourse(clock)
}
const linesOf = (seen: StatusCourse) => seen.lines((_, text) => text).map(stripVTControlCharacters)

const status = (published: number, leader: string | null): StatusData =>
  ({
    leader,
    catalogue: { reachable: true, published },
    replicas: [1, 2].map((id) => ({ name: `order-${id}`, address: `h:${id}`, reachable: true, published: 0 })),
  }) as unknown as StatusData

test('the rate is of the time between two looks', () => {
  const seen = course()
  seen.sees(status(100, 'h:1'))
  expect(linesOf(seen)).toEqual(['rate     not known yet'])
  nowMs = 2_000
  seen.sees(status(700, 'h:1'))
  expect(linesOf(seen)).toEqual(['rate     300 orders/s'])
  nowMs = 3_000
  seen.sees(status(0, 'h:1'))
  expect(linesOf(seen)).toEqual(['rate     0 orders/s'])
})

test('a change of the leader is told with the time in which nobody led, the newest first', () => {
  const seen = course()
  seen.sees(status(0, 'h:1'))
  nowMs = 1_000
  seen.seesLeader('order-1')
  nowMs = 1_050
  seen.seesLeader(undefined)
  nowMs = 1_120
  seen.seesLeader('order-2')
  nowMs = 5_000
  seen.seesLeader('order-2')
  nowMs = 5_050
  seen.sees(status(0, 'h:1'))
  expect(linesOf(seen)).toEqual([
    'rate     0 orders/s',
    'changes  12:00:05.050  order-2 → order-1, within 50 ms',
    '         12:00:01.120  order-1 → order-2, within 120 ms',
  ])
})

test('a limited number of changes is shown', () => {
  const seen = course()
  for (let n = 0; n < 50; n++) seen.seesLeader(`order-${n % 2}`)
  expect(linesOf(seen)).toHaveLength(6)
})
