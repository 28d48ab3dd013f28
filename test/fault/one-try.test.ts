import { expect, onTestFinished, test, vi } from 'vitest'
import { CLIENT_PATIENCE_MS } from '../../src/frontend/patience.ts'
import { lateAnswers, type LoadReport, type SeenError } from './load.ts'
import { inOneTry } from './process.ts'

const reportOf = (...errors: readonly SeenError[]): LoadReport => ({ acknowledged: [], rejected: 0, wrong: [], errors })
const errorAfter = (waitedMs: number, status = 503): SeenError => ({ atMs: 0, waitedMs, request: 'trade', status, message: '' })

test('a try that a busy machine spoils is repeated, and one has to be unspoiled', async () => {
  const told = vi.spyOn(console, 'warn').mockReturnValue()
  onTestFinished(() => told.mockRestore())
  const spoiled = [['late'], ['late'], []]
  await inOneTry(async () => spoiled.shift() ?? expect.unreachable())
  expect(spoiled).toEqual([])
  expect(told).toHaveBeenCalledTimes(2)
  await expect(inOneTry(async () => ['an election'])).rejects.toThrow('in each of 5 tries')
})

test('after an error without an excuse there is no further try', async () => {
  let tries = 0
  const wrong = inOneTry(async () => {
    tries += 1
    throw new Error('lost')
  })
  await expect(wrong).rejects.toThrow('lost')
  expect(tries).toBe(1)
})

test('an error is excused only when the front end had no more patience', () => {
  expect(lateAnswers(reportOf())).toEqual([])
  expect(lateAnswers(reportOf(errorAfter(CLIENT_PATIENCE_MS)))).toHaveLength(1)
  expect(() => lateAnswers(reportOf(errorAfter(CLIENT_PATIENCE_MS), errorAfter(1_000)))).toThrow('errors that nothing excuses')
  expect(() => lateAnswers(reportOf(errorAfter(CLIENT_PATIENCE_MS, 0)))).toThrow('errors that nothing excuses')
})
