import { expect, test } from 'vitest'
import { turnsOf } from './started.ts'

test('each round begins with another system and has all of them', () => {
  const rounds = [1, 2, 3, 4].map((round) => turnsOf(['a', 'b', 'c'], round).join(''))
  expect(rounds).toEqual(['abc', 'bca', 'cab', 'abc'])
  expect(turnsOf([], 1)).toEqual([])
})
