import { expect, test } from 'vitest'
import { SharedAnswer } from './shared-answer.ts'

/** A question that the test answers by hand. The answer is how often it had been asked before. */
function asked() {
  const open: ((error?: Error) => void)[] = []
  const shared = new SharedAnswer(() => {
    const number = open.length
    return new Promise<number>((resolve, reject) => open.push((error) => (error ? reject(error) : resolve(number))))
  })
  return { shared, open }
}

test('no answer is older than its request, and the question is asked once for all who wait', async () => {
  const { shared, open } = asked()
  const first = shared.get()
  const later = Array.from({ length: 100 }, () => shared.get())
  expect(open).toHaveLength(1)
  open[0]!()
  expect(await first).toBe(0)
  await expect.poll(() => open.length).toBe(2)
  const latest = shared.get()
  open[1]!()
  expect(new Set(await Promise.all(later))).toEqual(new Set([1]))
  await expect.poll(() => open.length).toBe(3)
  open[2]!()
  expect(await latest).toBe(2)
})

test('when nobody waits, the question is asked at once', async () => {
  const { shared, open } = asked()
  const first = shared.get()
  open[0]!()
  await first
  void shared.get()
  expect(open).toHaveLength(2)
})

test('an answer that fails is told to those who waited for it, and to no others', async () => {
  const { shared, open } = asked()
  const first = shared.get()
  const second = shared.get()
  open[0]!(new Error('away'))
  await expect(first).rejects.toThrow('away')
  await expect.poll(() => open.length).toBe(2)
  open[1]!()
  expect(await second).toBe(1)
})
