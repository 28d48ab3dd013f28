import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import type { Entry } from '../domain/order.ts'
import { systemClock } from '../runtime/clock.ts'
import { PATIENT_ASKER } from '../runtime/gate.ts'
import { systemRandom } from '../runtime/random.ts'
import type { Runtime } from '../wire/runtime.ts'
import { NOT_LEADER, OVERLOADED, UNKNOWN } from '../wire/outcome-codes.ts'
import type { Copy } from './copy.ts'
import type { Leader } from './leader.ts'
import { Pace } from './pace.ts'
import { SingleCalls } from './single-calls.ts'

const ORDER = { stockName: 'tesla', stockTradeQuantity: 1, tradeType: 'buy', key: 'mine' }

/** Places an order at a leader that gives these outcomes one after the other, and then leads no more. */
function placedWith(...outcomes: number[]) {
  const keys: string[] = []
  const leader = {
    place: ([order]: Parameters<Leader['place']>[0]) => {
      keys.push(order!.request.key)
      order!.settle({ number: outcomes.shift()!, replayed: false })
    },
  } as unknown as Leader
  const role = {
    published: 0,
    get leader() {
      return outcomes.length > 0 ? leader : undefined
    },
  }
  const calls = new SingleCalls({ clock: systemClock, random: systemRandom } as Runtime, 'catalogue:1', {} as Copy, role)
  return { keys, answer: calls.request(ORDER) }
}

test('an order is asked for again, under the same key, until its outcome is known', async () => {
  const { keys, answer } = placedWith(UNKNOWN, NOT_LEADER, 7)
  expect(await answer).toEqual({ transactionNum: 7 })
  expect(keys).toEqual(['g:mine', 'g:mine', 'g:mine'])
})

test('what was refused for sure was not placed', async () => {
  await expect(placedWith(OVERLOADED).answer).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringContaining('not placed'),
  })
  await expect(placedWith(NOT_LEADER).answer).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
})

test('what was once tried without an answer may have been placed, whatever is said later', async () => {
  for (const outcomes of [[UNKNOWN], [UNKNOWN, OVERLOADED], [UNKNOWN, NOT_LEADER]]) {
    await expect(placedWith(...outcomes).answer).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('may have been placed'),
    })
  }
})

test('a program of another make is streamed what it lacks; while orders come, with a rest after each piece', async () => {
  const clock = new ManualClock()
  const pace = new Pace(clock)
  const entries = async (from: number, limit: number) =>
    Array.from({ length: limit }, (_, i) => ({ number: from + i, name: 'tesla', type: 'sell', quantity: 1 }) as Entry)
  const copy = { pace, log: { entries } } as unknown as Copy
  const role = { published: 250, leader: undefined }
  const calls = new SingleCalls({ clock } as unknown as Runtime, 'catalogue:1', copy, role)
  let streamed = 0
  pace.grew(1)
  const stream = async () => {
    const request = { orderNum: -1, synchronizedAdd: '', overReplicate: false }
    for await (const order of calls.synchronize(request, PATIENT_ASKER)) streamed = order.orderNum + 1
  }
  void stream()
  const soFar: number[] = []
  for (const ms of [0, 0, 1, 0, 1]) {
    clock.pass(ms)
    await settled()
    soFar.push(streamed)
  }
  expect(soFar).toEqual([100, 100, 200, 200, 250])
})
