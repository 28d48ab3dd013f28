import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { systemClock } from '../runtime/clock.ts'
import { readPages } from './log-pages.ts'
import type { Entries, ReadRequest } from './messages.ts'

const PAGE = LIMITS.catchUpBatchMax
const LENGTH = 4 * PAGE + 17

/** A log of so many entries. It fails when it is asked for entries from number `brokenFrom` on. */
function logOf(length: number, brokenFrom = Infinity) {
  const asked: number[] = []
  const read = async ({ from, limit }: ReadRequest): Promise<Entries> => {
    asked.push(from)
    if (from >= brokenFrom) throw new Error('no answer')
    const count = Math.max(0, Math.min(limit, length - from))
    const entries = Array.from({ length: count }, (_, i) => ({ number: from + i, type: 'buy' })) as unknown as Entries['entries']
    return { entries, digest: String(from + count), length, generation: 1, recoveredGeneration: 0 }
  }
  return { asked, read }
}

async function numbersIn(pages: ReturnType<typeof readPages>): Promise<number[]> {
  const numbers: number[] = []
  for await (const { entries } of pages) numbers.push(...entries.map(({ number }) => number))
  return numbers
}

test.each([
  [0, LENGTH],
  [5, LENGTH],
  [PAGE, 2 * PAGE],
  [7, 8],
  [3, 3],
])('from %i to %i, in order', async (from, end) => {
  const { read } = logOf(LENGTH)
  expect(await numbersIn(readPages(systemClock, read, from, end))).toEqual(Array.from({ length: end - from }, (_, i) => from + i))
})

test('the next pages are asked for before one is used, and no more than a few', async () => {
  const { asked, read } = logOf(20 * PAGE)
  await readPages(systemClock, read, 0, 20 * PAGE).next()
  expect(asked.length).toBeGreaterThan(1)
  expect(asked.length).toBeLessThan(5)
})

test('the failure of a page is told when its turn comes', async () => {
  const { read } = logOf(LENGTH, PAGE)
  const pages = readPages(systemClock, read, 0, LENGTH)
  expect((await pages.next()).value?.entries).toHaveLength(PAGE)
  await expect(pages.next()).rejects.toThrow('no answer')
})

test('a log that is shorter than was said', async () => {
  const { read } = logOf(PAGE + 3)
  await expect(numbersIn(readPages(systemClock, read, 0, LENGTH))).rejects.toThrow(`said to go up to ${LENGTH}, and ends at ${PAGE + 3}`)
})
