import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { DiskWatch } from './disk-watch.ts'

const FULL = 'the disk is full'
/** As often as it looks when nothing happens. */
const RESTING_MS = 1_000

/** A watch over a disk that fills up and empties when the test says so. */
function watching() {
  const disk: { trouble: string | undefined; length: number } = { trouble: undefined, length: 0 }
  const told: (string | undefined)[] = []
  const clock = new ManualClock()
  let looks = 0
  const trouble = () => {
    looks += 1
    return disk.trouble
  }
  const store = { trouble, head: () => ({ length: disk.length }) }
  const watch = new DiskWatch(clock, store, (trouble) => void told.push(trouble))
  const tick = () => clock.pass(RESTING_MS)
  return { clock, disk, told, watch, tick, looks: () => looks }
}

test('a watch is idle before its start', () => {
  const { disk, told, watch, tick } = watching()
  disk.trouble = FULL
  tick()
  expect([told, watch.trouble]).toEqual([[], undefined])
})

test('the owner is told once that the disk is full, and once that there is room', () => {
  const { disk, told, watch, tick } = watching()
  watch.start()
  disk.trouble = FULL
  tick()
  tick()
  expect([told, watch.trouble]).toEqual([[FULL], FULL])
  disk.trouble = undefined
  tick()
  tick()
  expect([told, watch.trouble]).toEqual([[FULL, undefined], undefined])
})

test('the first look comes with the start', () => {
  const { disk, told, watch } = watching()
  disk.trouble = FULL
  watch.start()
  expect(told).toEqual([FULL])
})

test('trouble that the owner knows of is no news', () => {
  const { disk, told, watch } = watching()
  disk.trouble = FULL
  watch.start(FULL)
  expect([told, watch.trouble]).toEqual([[], FULL])
})

test('after its end a watch says nothing', () => {
  const { disk, told, watch, tick } = watching()
  watch.start()
  watch.close()
  disk.trouble = FULL
  tick()
  expect(told).toEqual([])
})

test('it looks seldom while nothing is appended, and often when something is, or the disk is full', () => {
  const { disk, looks, clock, watch } = watching()
  watch.start()
  const looksWithin = (ms: number) => {
    const before = looks()
    clock.pass(ms)
    return looks() - before
  }
  expect(looksWithin(4 * RESTING_MS)).toBe(4)
  disk.length = 1
  clock.pass(RESTING_MS)
  disk.length = 2
  expect(looksWithin(RESTING_MS / 4)).toBe(1)
  clock.pass(2 * RESTING_MS)
  disk.trouble = FULL
  clock.pass(RESTING_MS)
  expect(looksWithin(RESTING_MS)).toBe(4)
  watch.close()
  expect(clock.timers).toBe(0)
})
