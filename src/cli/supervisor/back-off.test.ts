import { expect, test } from 'vitest'
import { afterDeath, NO_DEATHS } from './back-off.ts'

/** Returns the delays after processes that lived this long, one after the other. */
function delaysAfter(...livedMs: number[]): number[] {
  let backOff = NO_DEATHS
  return livedMs.map((lived) => {
    const { next, delayMs } = afterDeath(backOff, lived)
    backOff = next
    return delayMs
  })
}

test('doubles from 100 ms to 5 s', () => {
  expect(delaysAfter(0, 0, 0, 0, 0, 0, 0, 0)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
})

test('starts again after 10 s of life', () => {
  expect(delaysAfter(0, 0, 9_999, 10_000, 0)).toEqual([100, 200, 400, 100, 200])
})
