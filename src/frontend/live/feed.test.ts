import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../../test/manual-clock.ts'
import type { Entry, Tailed } from '../../wire/messages.ts'
import { Feed, type TailedLeader } from './feed.ts'

const entry = (number: number): Entry => ({
  number,
  generation: 2,
  key: '',
  fingerprint: '',
  name: 'tesla',
  type: 'buy',
  quantity: 1,
  timeMs: 5,
})
const entries = (from: number, end: number): Entry[] => Array.from({ length: end - from }, (_, at) => entry(from + at))

/** A leader that notes from where on it is asked. */
class Leader implements TailedLeader {
  canTail = true
  readonly asked: string[] = []
  last = 0
  tail(tail: number, from: number): void {
    if (tail > 0) this.last = tail
    this.asked.push(tail === 0 ? 'no more' : `from ${from}`)
  }
}

/** A feed of a catalogue with 100 published orders in generation 2. */
async function newFeed(leader?: Leader) {
  const clock = new ManualClock()
  const catalogue = { generation: 2, recoveredGeneration: 1, confirmed: 100, pages: new Map<number, Entry[]>() }
  const told: string[] = []
  const feed = new Feed(
    {
      clock,
      history: async () => catalogue,
      clusterId: () => 'c-1',
      confirmed: async () => catalogue.confirmed,
      stocks: async () => ({ stocks: [], position: catalogue.confirmed }),
      orders: async (from) => catalogue.pages.get(from) ?? [],
    },
    {
      begun: ({ history, from }) => void told.push(`${history} from ${from}`),
      told: (all) => void told.push(`${all[0]!.number}-${all.at(-1)!.number}`),
    },
  )
  const pass = async (ms: number) => {
    await settled()
    clock.pass(ms)
    await settled()
  }
  const say = (from: number, end: number, { generation = 2, tail = leader!.last, by = leader! }: Partial<Tailed> & { by?: Leader } = {}) =>
    feed.tailed(by, { tail, from, entries: entries(from, end), published: end, generation })
  feed.led(leader)
  feed.start(50)
  await pass(0)
  return { feed, catalogue, told, pass, say, clock }
}

test('it begins with the newest orders and goes on with what the leader tells', async () => {
  const leader = new Leader()
  const { told, say, feed, clock } = await newFeed(leader)
  expect(leader.asked).toEqual(['from 50'])
  say(50, 100)
  say(100, 101)
  expect(told).toEqual(['c1.1 from 50', '50-99', '100-100'])
  feed.stop()
  expect([leader.asked.at(-1), clock.timers]).toEqual(['no more', 0])
})

test('J1: the next leader is asked for what comes after the last order, and the one before is not heard any more', async () => {
  const [first, next] = [new Leader(), new Leader()]
  const { told, say, feed, pass } = await newFeed(first)
  say(50, 103)
  feed.led(undefined)
  feed.led(next)
  await pass(50)
  expect(next.asked).toEqual(['from 103'])
  say(103, 105)
  say(103, 104, { by: next, tail: next.last })
  expect(told.slice(1)).toEqual(['50-102', '103-103'])
})

test.each([
  ['leave one out', 51, 60],
  ['come again', 49, 60],
])('J1: orders that %s are not told; the leader is asked again', async (_what, from, end) => {
  const leader = new Leader()
  const { told, say, pass } = await newFeed(leader)
  say(from, end)
  await pass(50)
  expect([told.length, leader.asked]).toEqual([1, ['from 50', 'no more', 'from 50']])
})

test('J2: orders of another generation are not told before the catalogue has named its history', async () => {
  const leader = new Leader()
  const { told, say, pass, catalogue } = await newFeed(leader)
  say(50, 60, { generation: 3 })
  Object.assign(catalogue, { generation: 3 })
  await pass(50)
  say(50, 60, { generation: 3 })
  expect(told).toEqual(['c1.1 from 50', '50-59'])
})

test('J2: after a recovery it begins anew', async () => {
  const leader = new Leader()
  const { told, say, pass, catalogue } = await newFeed(leader)
  say(50, 100)
  Object.assign(catalogue, { generation: 3, recoveredGeneration: 3, confirmed: 90 })
  say(100, 101, { generation: 3 })
  await pass(50)
  await pass(50)
  expect(told).toEqual(['c1.1 from 50', '50-99', 'c1.3 from 40'])
  expect(leader.asked.at(-1)).toBe('from 40')
})

test('a leader that knows no tail is read page by page', async () => {
  const leader = new Leader()
  leader.canTail = false
  const { told, pass, catalogue } = await newFeed(leader)
  catalogue.pages.set(50, entries(50, 100)).set(100, entries(100, 102))
  for (let step = 0; step < 4; step += 1) await pass(200)
  expect(leader.asked.filter((asked) => asked !== 'no more')).toEqual([])
  expect(told).toEqual(['c1.1 from 50', '50-99', '100-101'])
})
