import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Pulse } from './pulse.ts'

const PACE = { everyMs: 100, restMs: 1_000, restAfterMs: 500 }

/** A pulse whose owner is calm when the test says so, after it has come to rest. */
function resting() {
  const clock = new ManualClock()
  let watching = 0
  clock.watchAwake = () => {
    watching += 1
    return { cancel: () => void (watching -= 1) }
  }
  const owner = { calm: true, beats: 0, rested: false }
  const beat = (rested: boolean) => {
    owner.beats += 1
    owner.rested = rested
  }
  const pulse = new Pulse(clock, PACE, { isCalm: () => owner.calm, beat })
  const beatsWithin = (ms: number) => {
    const before = owner.beats
    clock.pass(ms)
    return owner.beats - before
  }
  pulse.start()
  expect(owner.beats, 'it begins with a beat').toBe(1)
  return { clock, owner, pulse, beatsWithin, watching: () => watching }
}

test('calm for long enough, it rests; its time is exact only before', () => {
  const { pulse, beatsWithin, watching } = resting()
  expect([beatsWithin(400), pulse.isAtRest, watching()]).toEqual([4, false, 1])
  expect([beatsWithin(100), pulse.isAtRest, watching()]).toEqual([1, true, 0])
  expect(beatsWithin(5_000)).toBe(5)
})

test('one that is not calm does not rest, and one that is calm no more is fast from the next beat on', () => {
  const { owner, pulse, beatsWithin } = resting()
  owner.calm = false
  expect([beatsWithin(5_000), pulse.isAtRest]).toEqual([50, false])
  owner.calm = true
  expect([beatsWithin(500), pulse.isAtRest]).toEqual([5, true])
  owner.calm = false
  expect(beatsWithin(1_250)).toBeGreaterThan(1)
  expect([beatsWithin(1_000), pulse.isAtRest]).toEqual([10, false])
})

test('woken at rest it beats at once, and stays fast for as long as it did before', () => {
  const { pulse, beatsWithin, watching } = resting()
  beatsWithin(2_000)
  pulse.wake()
  expect([beatsWithin(0), pulse.isAtRest, watching()]).toEqual([1, false, 1])
  expect([beatsWithin(400), pulse.isAtRest]).toEqual([4, false])
  pulse.wake()
  expect([beatsWithin(400), pulse.isAtRest]).toEqual([4, false])
  expect([beatsWithin(100), pulse.isAtRest]).toEqual([1, true])
})

test('it tells whether it rested until the beat, also when it rests no more', () => {
  const { clock, owner, pulse } = resting()
  const restedAfter = (ms: number) => {
    clock.pass(ms)
    return owner.rested
  }
  expect([restedAfter(0), restedAfter(500), pulse.isAtRest, restedAfter(1_250)]).toEqual([false, false, true, true])
  owner.calm = false
  const before = owner.beats
  while (owner.beats === before) clock.pass(1)
  expect([owner.rested, pulse.isAtRest, restedAfter(100)]).toEqual([true, false, false])
  owner.calm = true
  restedAfter(500)
  pulse.wake()
  expect([restedAfter(0), restedAfter(100)]).toEqual([true, false])
})

test('woken in the turn in which a beat is due anyway, it beats once', () => {
  const { clock, owner, pulse, beatsWithin } = resting()
  beatsWithin(2_000)
  const before = owner.beats
  while (owner.beats === before) clock.pass(1) // The next one comes after restMs exactly.
  const timer = clock.after(PACE.restMs, () => pulse.wake())
  expect(beatsWithin(PACE.restMs)).toBe(1)
  expect(pulse.isAtRest).toBe(false)
  timer.cancel()
})

test('closed it beats no more, not even when it was woken or due in this turn', () => {
  const { clock, pulse, beatsWithin, watching } = resting()
  beatsWithin(2_000)
  pulse.wake()
  pulse.close()
  expect([beatsWithin(5_000), clock.timers, watching()]).toEqual([0, 0, 0])
})

test('what rests in one process beats together, whenever it came to rest', () => {
  const clock = new ManualClock()
  const beats: number[] = []
  const newPulse = () => new Pulse(clock, PACE, { isCalm: () => true, beat: () => void beats.push(clock.monotonicMs()) })
  newPulse().start()
  clock.pass(130)
  newPulse().start()
  clock.pass(3_000)
  beats.length = 0
  clock.pass(3_000)
  expect(beats.map((at) => at % PACE.restMs)).toEqual([0, 0, 0, 0, 0, 0])
})
