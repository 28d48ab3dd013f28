import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { Gate, PATIENT_ASKER } from './gate.ts'

const LONG_MS = 60_000
const gateOf = (placesMax: number, waitingMax: number) => new Gate(systemClock, { placesMax, waitingMax })

/** Work that ends when it is told to. */
function held<T>(value: T): { work: () => Promise<T>; end: () => void; isBegun: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<T>()
  let begun = false
  const work = () => {
    begun = true
    return promise
  }
  return { work, end: () => resolve(value), isBegun: () => begun }
}

test('a fixed number of questions is worked on at once, the others in the order in which they came', async () => {
  const gate = gateOf(2, 10)
  const questions = ['a', 'b', 'c', 'd'].map(held)
  const answers = questions.map(({ work }) => gate.run(PATIENT_ASKER, LONG_MS, work))
  expect(questions.map(({ isBegun }) => isBegun())).toEqual([true, true, false, false])
  expect(gate.waiting).toBe(2)
  questions[1]!.end()
  await answers[1]
  expect(questions.map(({ isBegun }) => isBegun())).toEqual([true, true, true, false])
  for (const { end } of questions) end()
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd'])
  expect(gate.isIdle).toBe(true)
})

test('one too many is refused at once', async () => {
  const gate = gateOf(1, 1)
  const [first, second, third] = ['a', 'b', 'c'].map(held) as [ReturnType<typeof held>, ReturnType<typeof held>, ReturnType<typeof held>]
  const answers = [first, second].map(({ work }) => gate.run(PATIENT_ASKER, LONG_MS, work))
  expect(await gate.run(PATIENT_ASKER, LONG_MS, third.work)).toBeUndefined()
  first.end()
  second.end()
  expect(await Promise.all(answers)).toEqual(['a', 'b'])
})

test('an asker that has gone while waiting is not answered, and keeps nobody waiting', async () => {
  const gate = gateOf(1, 10)
  const [first, dropped, last] = ['a', 'b', 'c'].map(held) as [ReturnType<typeof held>, ReturnType<typeof held>, ReturnType<typeof held>]
  const asker = { isGone: false }
  const answers = [
    gate.run(PATIENT_ASKER, LONG_MS, first.work),
    gate.run(asker, LONG_MS, dropped.work),
    gate.run(PATIENT_ASKER, LONG_MS, last.work),
  ]
  asker.isGone = true
  first.end()
  last.end()
  expect(await Promise.all(answers)).toEqual(['a', undefined, 'c'])
  expect(dropped.isBegun()).toBe(false)
  expect(gate.isIdle).toBe(true)
})

test('no question waits longer than its patience', async () => {
  const gate = gateOf(1, 10)
  const [first, late] = ['a', 'b'].map(held) as [ReturnType<typeof held>, ReturnType<typeof held>]
  const answer = gate.run(PATIENT_ASKER, LONG_MS, first.work)
  expect(await gate.run(PATIENT_ASKER, 1, late.work)).toBeUndefined()
  expect([gate.waiting, late.isBegun()]).toEqual([0, false])
  first.end()
  expect(await answer).toBe('a')
})

test('work that fails gives its place on', async () => {
  const gate = gateOf(1, 10)
  const failing = gate.run(PATIENT_ASKER, LONG_MS, () => Promise.reject(new Error('no')))
  const next = gate.run(PATIENT_ASKER, LONG_MS, () => Promise.resolve('done'))
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('done')
})
