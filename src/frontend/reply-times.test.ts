import { expect, test } from 'vitest'
import { ReplyTimes } from './reply-times.ts'

/** Of a replica whose answer to ping 1 has just come after 400 ms, at 1000 ms. */
function lateOnce(): ReplyTimes {
  const times = new ReplyTimes()
  times.sent(1, 600)
  times.answered(1, 1_000)
  expect(times.patienceMs).toBe(800)
  return times
}

test('a late answer is forgotten step by step, also when those behind it come at once', () => {
  const times = lateOnce()
  for (let ping = 2; ping <= 7; ping += 1) {
    times.sent(ping, 1_000)
    times.answered(ping, 1_000)
  }
  expect(times.patienceMs).toBeCloseTo(800 * 0.97 ** 6)
})

test('it is forgotten as soon when pings are rare', () => {
  const [often, seldom] = [lateOnce(), lateOnce()]
  for (let atMs = 1_150; atMs <= 7_000; atMs += 150) {
    often.sent(atMs, atMs)
    often.answered(atMs, atMs)
  }
  for (let atMs = 3_000; atMs <= 7_000; atMs += 2_000) {
    seldom.sent(atMs, atMs)
    seldom.answered(atMs, atMs)
  }
  expect(seldom.patienceMs / often.patienceMs).toBeCloseTo(1, 1)
})
