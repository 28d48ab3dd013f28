import { expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { mistakesBetween, nearestName } from './nearest-name.ts'

const NAMES = OPENING_CATALOGUE.map(({ name }) => name)

test.each([
  ['telsa', 'tesla'],
  ['tesl', 'tesla'],
  ['teslaa', 'tesla'],
  ['TESLA', 'tesla'],
  ['aple', 'apple'],
  ['nvdia', 'nvidia'],
  ['gamstp', 'gamestop'],
  ['amd', 'amc'],
])('%s is meant for %s', (text, name) => expect(nearestName(text, NAMES)).toBe(name))

test.each(['microsoft', 'xyz', '', 'a'])('%j is meant for none of them', (text) => expect(nearestName(text, NAMES)).toBeUndefined())

test('a swap is one mistake, and the order of the two does not matter', () => {
  expect(mistakesBetween('abcd', 'acbd')).toBe(1)
  expect(mistakesBetween('', 'abc')).toBe(3)
  expect(mistakesBetween('kitten', 'sitting')).toBe(3)
  expect(mistakesBetween('sitting', 'kitten')).toBe(3)
})
