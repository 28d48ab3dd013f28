import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { afterAwake, systemClock, within } from './clock.ts'
import { HandClock } from '../../test/hand-clock.ts'

const FIVE_WEEKS_MS = 5 * 7 * 86_400_000

const warnings: Error[] = []
const onWarning = (warning: Error) => void warnings.push(warning)

beforeEach(() => void process.on('warning', onWarning))
afterEach(() => {
  process.off('warning', onWarning)
  warnings.length = 0
  vi.useRealTimers()
})

test('a wait below 0 is over as soon as possible, and Node prints no warning', async () => {
  expect(await within(systemClock, -1_000, new Promise(() => {}), 'late')).toBe('late')
  const ticks = await new Promise<number>((resolve) => {
    let count = 0
    const timer = systemClock.every(-5, () => {
      if (++count < 2) return
      timer.cancel()
      resolve(count)
    })
  })
  expect(ticks).toBe(2)
  await new Promise((resolve) => setImmediate(resolve)) // Warnings come a turn later.
  expect(warnings).toEqual([])
})

test('a wait longer than Node can count lasts its whole time', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const [rung, beaten] = [vi.fn(), vi.fn()]
  systemClock.after(FIVE_WEEKS_MS, rung)
  const beats = systemClock.every(3_000_000_000, beaten)
  vi.advanceTimersByTime(2_000_000_000)
  expect(beaten).not.toHaveBeenCalled()
  beats.cancel()
  vi.advanceTimersByTime(FIVE_WEEKS_MS - 2_000_000_001)
  expect(rung).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(rung).toHaveBeenCalledOnce()
  const cancelled = systemClock.after(FIVE_WEEKS_MS, rung)
  vi.advanceTimersByTime(3_000_000_000)
  cancelled.cancel()
  vi.advanceTimersByTime(FIVE_WEEKS_MS)
  expect(rung).toHaveBeenCalledOnce()
})

test.each([() => systemClock.after(NaN, () => {}), () => systemClock.every(NaN, () => {})])(
  'no number is no wait: a bug of ours',
  (wait) => {
    expect(wait).toThrow(/invariant broken/)
  },
)

test('a process that stood still was not awake, and does not call others silent for it', () => {
  const hand = new HandClock()
  const startedAt = hand.clock.awakeMs()
  const awake = () => hand.clock.awakeMs() - startedAt
  hand.run(1_000)
  expect(awake()).toBe(1_000)
  const givenUp = vi.fn()
  afterAwake(hand.clock, 300, givenUp)
  hand.run(100)
  hand.standStill(60_000)
  expect(awake()).toBeLessThanOrEqual(1_175)
  expect(givenUp).not.toHaveBeenCalled()
  hand.run(100)
  expect(givenUp).not.toHaveBeenCalled()
  hand.run(200)
  expect(givenUp).toHaveBeenCalledOnce()
})

test('while nobody watches there are no ticks, and standing still counts for little', () => {
  const hand = new HandClock()
  const awake = () => hand.clock.awakeMs()
  const look = (ms: number) => {
    const before = awake()
    hand.run(ms)
    return awake() - before
  }
  expect(look(2_000)).toBe(2_000)
  const startedAt = awake()
  hand.standStill(60_000)
  expect(awake() - startedAt).toBeLessThan(3_000)
  const watch = hand.clock.watchAwake()
  const watchedAt = awake()
  hand.standStill(60_000)
  expect(awake() - watchedAt).toBeLessThan(100)
  watch.cancel()
  expect(look(2_000), 'and nothing of it is counted later').toBe(2_000)
})

test('where every turn comes late, the time runs slower, but never stops', () => {
  const hand = new HandClock()
  hand.clock.watchAwake()
  const startedAt = hand.clock.awakeMs()
  hand.run(10_000, 300)
  const awake = hand.clock.awakeMs() - startedAt
  expect(awake).toBeGreaterThan(2_000)
  expect(awake).toBeLessThan(3_000)
})

test('a cancelled wait does not end, not even when it is due', () => {
  const hand = new HandClock()
  const givenUp = vi.fn()
  const wait = afterAwake(hand.clock, 300, givenUp)
  hand.run(200)
  wait.cancel()
  hand.run(1_000)
  expect(givenUp).not.toHaveBeenCalled()
})
