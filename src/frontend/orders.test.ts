import { expect, test } from 'vitest'
import { systemClock } from '../runtime/clock.ts'
import { systemRandom } from '../runtime/random.ts'
import { NOT_LEADER } from '../wire/outcome-codes.ts'
import { FrontEndKeys } from './idempotency-key.ts'
import { Latencies } from './live/recent-times.ts'
import { Stalls } from './live/stalls.ts'
import { Orders, type OrderTaker } from './orders.ts'

const order = (key: string) => ({ key, fingerprint: 'x', name: 'apple', type: 'buy', quantity: 1 })
const refused = { number: NOT_LEADER, replayed: false }

test('orders that a replica surely refused in one message were not placed, all of them', async () => {
  let first = 0
  const leader: OrderTaker = {
    isForeign: false,
    place: (id) => (first = id),
    placeSingle: () => Promise.reject(new Error('it is one of ours')),
  }
  const orders = new Orders(systemClock, { latencies: new Latencies(), stalls: new Stalls(systemClock) })
  orders.led(leader)
  const placed = ['a', 'b', 'c'].map((key) => orders.place(order(key)))
  await new Promise((resolve) => setImmediate(resolve))
  expect(orders.settle([0, 1, 2].map((i) => ({ ...refused, id: first + i })))).toBe('not-leader')
  orders.lost(leader)
  orders.close()
  expect(await Promise.all(placed)).toEqual(Array(3).fill({ kind: 'unknown', error: 'NOT_PLACED' }))
})

test('the keys of a front end rise, and none tells the next one', () => {
  const keys = new FrontEndKeys(systemRandom, '0123456789abcdef')
  const made = Array.from({ length: 100 }, () => keys.next())
  expect(made).toEqual(made.toSorted())
  expect(new Set(made.map((key) => key.slice(-16))).size).toBe(100)
})
