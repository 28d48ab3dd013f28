import { expect, test } from 'vitest'
import { median, medianKnown, spread, sum } from './statistics.ts'

test('the median of an odd number of values is the middle one', () => {
  expect(spread([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 })
})

test('the median of an even number lies between the two in the middle', () => {
  expect(median([10, 2, 4, 7])).toBe(5.5)
})

test('values are ordered as numbers, and stay as they were', () => {
  const values = [100, 9, 20]
  expect(median(values)).toBe(20)
  expect(values).toEqual([100, 9, 20])
})

test('one value is its own spread', () => expect(spread([3])).toEqual({ median: 3, min: 3, max: 3 }))

test('unknown values do not count', () => {
  expect(medianKnown([undefined, 4, undefined, 8])).toBe(6)
  expect(medianKnown([undefined])).toBeUndefined()
})

test('a sum of nothing is 0', () => {
  expect(sum([])).toBe(0)
  expect(sum([1, 2, 3.5])).toBe(6.5)
})
