import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { LateRequests } from './late-requests.ts'

/** A clock with one timer. The test turns it on. */
function handClock() {
  const hand = { nowMs: 0, asleepMs: 0, tick: undefined as (() => void) | undefined, arriving: undefined as (() => void) | undefined }
  const clock = {
    monotonicMs: () => hand.nowMs,
    awakeMs: () => hand.nowMs - hand.asleepMs,
    watchAwake: () => ({ cancel: () => {} }),
    nextTurn: (run: () => void) => {
      hand.arriving?.()
      run()
    },
    every: (_intervalMs: number, run: () => void) => {
      hand.tick = run
      return { cancel: () => (hand.tick = undefined) }
    },
  } as unknown as Clock
  const passMs = (ms: number) => {
    hand.nowMs += ms
    hand.tick?.()
  }
  return { hand, clock, passMs }
}

test('each request has the same time from its first byte on, and those that have arrived are left alone', () => {
  const { hand, clock, passMs } = handClock()
  const requests = new LateRequests(clock, () => 30_000)
  const late: string[] = []
  const request = (name: string) => ({ late: () => void late.push(name) })
  const [first, second, third] = [request('first'), request('second'), request('third')]
  requests.begin(first)
  passMs(10_000)
  requests.begin(second)
  requests.begin(third)
  requests.begin(first) // One more piece of it.
  passMs(19_999)
  requests.end(second)
  expect(late).toEqual([])
  passMs(1)
  expect(late).toEqual(['first'])
  passMs(10_000)
  expect(late).toEqual(['first', 'third'])
  expect(hand.tick, 'the timer rests').toBe(undefined)
})

test('when all requests are gone, no timer is left', () => {
  const { hand, clock } = handClock()
  const requests = new LateRequests(clock, () => 30_000)
  requests.begin({ late: () => {} })
  requests.close()
  expect(hand.tick).toBe(undefined)
})

test('a request that arrived while this process stood still is not late, nor is one that had no time to arrive', () => {
  const { hand, clock, passMs } = handClock()
  const requests = new LateRequests(clock, () => 30_000)
  const late: string[] = []
  const request = (name: string) => ({ late: () => void late.push(name) })
  const [first, second] = [request('first'), request('second')]
  requests.begin(first)
  requests.begin(second)
  hand.asleepMs = 60_000
  passMs(60_000)
  expect(late).toEqual([])
  hand.arriving = () => requests.end(first)
  passMs(30_000)
  expect(late).toEqual(['second'])
})
