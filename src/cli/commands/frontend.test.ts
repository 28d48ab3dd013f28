import { expect, test } from 'vitest'
import { membersOf } from './frontend.ts'

test("reads the contract's positional arguments", () => {
  expect(membersOf('1 a:1 2 b:2 3 c:3 0'.split(' '))).toEqual({
    replicas: [
      { id: 1, address: 'a:1' },
      { id: 2, address: 'b:2' },
      { id: 3, address: 'c:3' },
    ],
    caching: false,
  })
})

test('takes any number of replicas up to the most that a system has', () => {
  const members = (count: number) =>
    Array.from({ length: count }, (_, at) => `${at + 1} a:${at + 1}`)
      .join(' ')
      .split(' ')
  for (const count of [1, 2, 4, 5, 16]) expect(membersOf([...members(count), '1']).replicas).toHaveLength(count)
  expect(() => membersOf([...members(17), '1'])).toThrow(/at most 16 replicas/)
})

test.each([
  ['1 a:1', /pairs of ID HOST:PORT/],
  ['1 a:1 2 b:2', /pairs of ID HOST:PORT/],
  ['x a:1 1', /ID of replica 1 is "x"/],
  ['1 a 1', /address of replica 1 is "a"/],
  ['1 a:1 2', /CACHE is "2"/],
  ['1 a:1 1 b:1 1', /an ID of its own/],
])('refuses %s', (words, message) => {
  expect(() => membersOf(words.split(' '))).toThrow(message)
})
