import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import type { Tailed } from '../wire/messages.ts'
import type { Entry } from '../domain/order.ts'
import { Tails, type TailReader } from './tails.ts'

const entry = (number: number): Entry => ({
  number,
  generation: 1,
  key: '',
  fingerprint: '',
  name: 'ford',
  type: 'sell',
  quantity: 1,
  timeMs: 1,
})

/** A log of many orders, some of them published, and one front end that asks for its tail. */
function newTails() {
  const clock = new ManualClock()
  const world: { published: { length: number; generation: number } | undefined } = { published: { length: 3, generation: 1 } }
  const reads = { entries: async (from: number, limit: number) => Array.from({ length: limit }, (_, at) => entry(from + at)) }
  const tails = new Tails(clock, reads, () => world.published)
  const sent: string[] = []
  const taken: (() => void)[] = []
  const reader: TailReader & { isGone: boolean } = {
    isGone: false,
    tell: ({ tail, from, entries, generation }: Tailed) => {
      sent.push(`${tail}: ${entries.length} from ${from} of ${generation}`)
      return new Promise<void>((resolve) => taken.push(resolve))
    },
  }
  const take = async (ms = 50) => {
    for (const one of taken.splice(0)) one()
    await settled()
    clock.pass(ms)
    await settled()
  }
  const grow = async (length: number, generation = 1) => {
    world.published = { length, generation }
    tails.grew()
    await settled()
  }
  return { clock, tails, world, reader, sent, take, grow }
}

test('only published orders are told, and each of them once', async () => {
  const { tails, reader, sent, take, grow } = newTails()
  tails.begin(reader, { tail: 1, from: 1 })
  await settled()
  await take()
  await grow(3)
  await take()
  await grow(5)
  expect(sent).toEqual(['1: 2 from 1 of 1', '1: 2 from 3 of 1'])
})

test('what is published while the reader has not taken the message before travels in the next one', async () => {
  const { tails, reader, sent, take, grow } = newTails()
  tails.begin(reader, { tail: 1, from: 0 })
  await settled()
  await grow(4)
  await grow(9)
  expect(sent).toHaveLength(1)
  await take()
  expect(sent).toEqual(['1: 3 from 0 of 1', '1: 6 from 3 of 1'])
})

test('a replica that does not lead tells nothing until it leads', async () => {
  const { tails, reader, sent, world, grow, take } = newTails()
  world.published = undefined
  tails.begin(reader, { tail: 7, from: 3 })
  await settled()
  expect(sent).toEqual([])
  // The generation is told even if there is no order: the front end has to know it.
  await grow(3, 2)
  await take()
  expect(sent).toEqual(['7: 0 from 3 of 2'])
})

test('a tail ends with the next one, with tail 0, and with its front end', async () => {
  const { tails, reader, sent, take, grow, clock } = newTails()
  tails.begin(reader, { tail: 1, from: 3 })
  tails.begin(reader, { tail: 2, from: 0 })
  await settled()
  await take()
  expect(sent).toEqual(['1: 0 from 3 of 1', '2: 3 from 0 of 1'])
  tails.begin(reader, { tail: 0, from: 0 })
  await grow(10)
  await take()
  expect([sent.length, clock.timers]).toEqual([2, 0])
})
