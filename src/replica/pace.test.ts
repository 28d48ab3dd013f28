import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import { Pace } from './pace.ts'

/** A pace on a clock that stands still, and what becomes of a rest. */
function paceAtRest() {
  const clock = new ManualClock()
  const pace = new Pace(clock)
  /** Begins a rest after a page of so many entries that took `workedMs`; returns whether it is over after so many ms more. */
  const rest = (workedMs: number, entries: number) => {
    let isOver = false
    void pace.rest(workedMs, entries).then(() => (isOver = true))
    return async (ms: number) => {
      clock.pass(ms)
      await settled()
      return isOver
    }
  }
  return { clock, pace, rest }
}

test('nobody rests while no order comes', async () => {
  const { clock, pace, rest } = paceAtRest()
  expect(await rest(4, 1_000)(0)).toBe(true)
  pace.grew(1)
  clock.pass(201)
  expect([pace.isTrading, await rest(4, 1_000)(0), clock.timers]).toEqual([false, true, 0])
})

test('while orders come, a reader rests in proportion to the time that its page took', async () => {
  const { pace, rest } = paceAtRest()
  pace.grew(1)
  const isOver = rest(2, 1_000)
  expect([await isOver(19), await isOver(1)]).toEqual([false, true])
  const isOverNext = rest(4, 1_000)
  expect([await isOverNext(39), await isOverNext(1)]).toEqual([false, true])
})

test('two readers together rest as long as one that reads as much', async () => {
  const { pace, rest } = paceAtRest()
  pace.grew(1)
  const [one, other] = [rest(2, 1_000), rest(1, 1_000)]
  expect([await one(20), await other(0), await other(9), await other(1)]).toEqual([true, false, false, true])
})

test('a page that took no time is followed by a rest, too, and one that took long by none without end', async () => {
  const { pace, rest } = paceAtRest()
  pace.grew(1)
  const isOver = rest(0, 1_000)
  expect([await isOver(0), await isOver(1)]).toEqual([false, true])
  const isOverNext = rest(5_000, 1_000)
  expect([await isOverNext(49), await isOverNext(1)]).toEqual([false, true])
})

test('a reader gets two entries for each new one: when the log has grown by half of its page, it rests no longer', async () => {
  const { clock, pace, rest } = paceAtRest()
  pace.grew(1)
  const isOver = rest(5, 10)
  pace.grew(4)
  expect(await isOver(0)).toBe(false)
  pace.grew(1)
  expect([await isOver(0), clock.timers]).toEqual([true, 0])
})
