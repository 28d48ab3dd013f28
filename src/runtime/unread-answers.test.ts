import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { UnreadAnswers } from './unread-answers.ts'

const SWEEPS_A_SECOND = 2

/** Answers on a clock that the test turns on. */
function answersOf(bytesMax: number) {
  let tick: (() => void) | undefined
  const clock = {
    every: (_intervalMs: number, run: () => void) => {
      tick = run
      return { cancel: () => (tick = undefined) }
    },
  } as unknown as Clock
  const cut: string[] = []
  const unread = new UnreadAnswers(clock, bytesMax)
  return {
    unread,
    cut,
    give: (name: string, bytes: number, shared?: object) => unread.add({ bytes, ...(shared && { shared }) }, () => cut.push(name)),
    pass: (seconds: number) => {
      for (let sweep = 0; sweep < seconds * SWEEPS_A_SECOND; sweep += 1) tick?.()
    },
    isWatching: () => tick !== undefined,
  }
}

test('an answer that is not read in ten seconds is cut, a large one a little later', () => {
  const { give, pass, cut, unread, isWatching } = answersOf(1e9)
  give('small', 0)
  give('large', 640_000)
  const read = give('read', 1)
  pass(9)
  read()
  expect(cut).toEqual([])
  pass(1)
  expect(cut).toEqual(['small'])
  pass(9)
  expect(cut).toEqual(['small'])
  pass(1)
  expect(cut).toEqual(['small', 'large'])
  expect([unread.bytes, isWatching()]).toEqual([0, false])
})

test('when all answers together hold too much, the oldest ones are cut until there is room', () => {
  const { give, pass, cut, unread } = answersOf(100)
  give('oldest', 60)
  give('older', 60)
  expect(unread.isFull).toBe(true)
  pass(0.5)
  expect(cut).toEqual([])
  pass(0.5)
  expect(cut).toEqual(['oldest'])
  expect([unread.isFull, unread.bytes]).toEqual([false, 60])
  pass(5)
  expect(cut).toEqual(['oldest'])
})

test('an answer that is the same object for many is held once', () => {
  const { give, unread } = answersOf(100)
  const shared = {}
  const [first, second] = [give('a', 50, shared), give('b', 50, shared)]
  expect(unread.bytes).toBe(50)
  first()
  first()
  expect(unread.bytes).toBe(50)
  second()
  expect(unread.bytes).toBe(0)
})
