import { expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { DiskWatch } from './disk-watch.ts'

const FULL = 'the disk is full'

/** A watch over a disk that fills up and empties when the test says so. */
function watching() {
  const disk: { trouble: string | undefined } = { trouble: undefined }
  const told: (string | undefined)[] = []
  const ticking = new Set<() => void>()
  const clock = {
    every: (_intervalMs: number, run: () => void) => {
      ticking.add(run)
      return { cancel: () => void ticking.delete(run) }
    },
  } as unknown as Clock
  const watch = new DiskWatch(clock, { trouble: () => disk.trouble }, (trouble) => void told.push(trouble))
  const tick = () => {
    for (const run of ticking) run()
  }
  return { disk, told, watch, tick }
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
