import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import { ManualNetwork, type ManualStream } from '../../test/manual-network.ts'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { silentLogger } from '../runtime/logger.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { FollowerToLeader, LeaderToFollower } from '../wire/messages.ts'
import type { Network } from '../wire/network.ts'
import { Followers } from './followers.ts'
import { Pace } from './pace.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const ORDER = { name: 'tesla', type: 'sell', quantity: 1, generation: 1, fingerprint: 'print', timeMs: 1 } as const
const ENTRIES = [0, 1, 2, 3].map((number) => ({ ...ORDER, number, key: `c:${number}` }))
const digestOf = (length: number): string => ENTRIES.slice(0, length).reduce(chainDigest, genesisDigest(GENESIS))

type Stream = ManualStream<LeaderToFollower, FollowerToLeader>

/** The followers of a leader whose log holds three orders, all of them published. */
async function followersOfThree() {
  const clock = new ManualClock()
  const net = new ManualNetwork<LeaderToFollower, FollowerToLeader>()
  const log = memoryOrderLog({ diskId: 'disk-3' })
  await log.seal(1, GENESIS)
  await log.append(ENTRIES.slice(0, 3), digestOf(3))
  const told: string[] = []
  /** A program of another make that holds the first `held` orders. */
  const other = { held: 0, offered: [] as number[] }
  const call = async (_address: string, method: string, { orderNum }: { orderNum: number }) => {
    if (method === 'Order.Propagate') {
      other.offered.push(orderNum)
      other.held = orderNum + 1
      return { resultPropagate: 1 }
    }
    if (orderNum >= other.held) return { orderNum: -1, stockName: '', tradeType: '', stockTradeQuantity: -1 }
    const { name, type, quantity } = ENTRIES[orderNum]!
    return { orderNum, stockName: name, tradeType: type, stockTradeQuantity: quantity }
  }
  const network = { ...net.network, call } as unknown as Network
  const hello = () => ({ leaderId: 3, epoch: 1, generation: 1, genesis: GENESIS })
  let published = 3
  const logger = { ...silentLogger, info: (_: object, message: string) => void told.push(message) }
  const followers = new Followers(clock, network, logger, { hello, log, pace: new Pace(clock), published: () => published })
  followers.start()

  const says = async (stream: Stream, length: number, digest = digestOf(length)) => {
    stream.say({ state: { replicaId: 1, length, digest } })
    await settled()
  }
  return {
    clock,
    log,
    other,
    told,
    followers,
    net,
    says,
    states: () => followers.views().map(({ state }) => state),
    /** Adds a follower whose log is so long; returns its end of the stream. */
    join: async (length: number, address = 'order-1:1') => {
      followers.add(address)
      const { stream } = net
      await says(stream, length)
      return stream
    },
    /** Adds a follower of another make. */
    joinForeign: async (held: number, streamed?: number) => {
      other.held = held
      followers.add('other:1', streamed)
      net.stream.break('UNIMPLEMENTED')
      await settled()
    },
    /** The leader appends one order more, and has its followers copy it. */
    append: async () => {
      followers.send(3, [ENTRIES[3]!], digestOf(4))
      await log.append([ENTRIES[3]!], digestOf(4))
      followers.logGrew()
    },
    publish: async () => {
      published = 4
      followers.publishedGrew()
      await settled()
    },
    /** Lets time pass in steps: what it makes ready is handled in between. */
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.pass(50)
        await settled()
      }
    },
    /** Says whether `position` is held by now. */
    isHeld: async (position: number) => {
      let isHeld = false
      void followers.held(position).then(() => (isHeld = true))
      await settled()
      return isHeld
    },
  }
}

/** Returns the entries that were sent on a stream, heartbeats left out. */
const appended = (stream: Stream) =>
  stream.sent.flatMap(({ append }) => (append && append.entries.length > 0 ? [{ from: append.from, count: append.entries.length }] : []))

test('followers that were not started wait for nothing', () => {
  const clock = new ManualClock()
  void new Followers(clock, {} as Network, silentLogger, {} as never)
  expect(clock.timers).toBe(0)
})

test('F1: a follower that holds everything is in sync at once', async () => {
  const { join, states } = await followersOfThree()
  await join(3)
  expect(states()).toEqual(['in-sync'])
})

test('F1: a follower that lacks something is sent it, and is in sync when it holds it', async () => {
  const { join, says, states, clock } = await followersOfThree()
  const stream = await join(1)
  clock.pass(0)
  expect(states()).toEqual(['learner'])
  expect(appended(stream)).toEqual([{ from: 1, count: 2 }])
  await says(stream, 3)
  expect(states()).toEqual(['in-sync'])
})

test('F1: a follower with a longer log is sent the digest, and is in sync when it has compared', async () => {
  const { join, says, states } = await followersOfThree()
  const stream = await join(4)
  expect(states()).toEqual(['learner'])
  expect(stream.sent.at(-1)).toMatchObject({ append: { from: 3, entries: [], digest: digestOf(3) } })
  await says(stream, 3)
  expect(states()).toEqual(['in-sync'])
})

test('a follower with another history is told so, and counts for nothing', async () => {
  const { followers, net, says, states, isHeld } = await followersOfThree()
  followers.add('order-1:1')
  await says(net.stream, 3, digestOf(2))
  expect(net.stream.sent.at(-1)).toMatchObject({ forked: { differs: true } })
  expect([states(), await isHeld(4)]).toEqual([['connecting'], true])
})

test('O1: a position is held when every in-sync follower holds it', async () => {
  const { join, says, append, followers } = await followersOfThree()
  const streams = [await join(3, 'order-1:1'), await join(3, 'order-2:1')]
  await append()
  let isHeld = false
  void followers.held(4).then(() => (isHeld = true))
  await says(streams[0]!, 4)
  expect(isHeld).toBe(false)
  await says(streams[1]!, 4)
  expect(isHeld).toBe(true)
})

test('neither a learner nor one that has not answered yet is waited for', async () => {
  const { join, followers, isHeld } = await followersOfThree()
  await join(1)
  followers.add('order-2:1')
  expect(await isHeld(3)).toBe(true)
})

test('what a follower says beyond what it was sent counts for nothing', async () => {
  const { join, says, isHeld } = await followersOfThree()
  await says(await join(3), 9)
  expect(await isHeld(4)).toBe(false)
})

test('nobody waits for a follower that dies', async () => {
  const { join, append, followers, states } = await followersOfThree()
  const stream = await join(3)
  await append()
  const held = followers.held(4)
  stream.break()
  await held
  expect(states()).toEqual([])
})

test('F2: an in-sync follower that owes an answer for too long is dropped', async () => {
  const { join, append, followers, pass, states } = await followersOfThree()
  const stream = await join(3)
  await append()
  const held = followers.held(4)
  await pass(300)
  expect(states()).toEqual(['in-sync'])
  await pass(100)
  await held
  expect([states(), stream.isOpen]).toEqual([[], false])
})

test('F2: one that owes nothing, or is still learning, gets more time', async () => {
  const { join, says, pass, states } = await followersOfThree()
  await says(await join(3, 'order-1:1'), 3)
  await join(1, 'order-2:1')
  await pass(4_900)
  expect(states()).toEqual(['in-sync', 'learner'])
  await pass(300)
  expect(states()).toEqual([])
})

test('one that is added again while it connects goes on; later it starts over', async () => {
  const { join, followers, net, states } = await followersOfThree()
  const first = await join(3)
  followers.add('order-1:1')
  followers.add('order-1:1')
  expect([first.isOpen, net.streams.length, states()]).toEqual([false, 2, ['connecting']])
})

test('what an earlier stream still says is not heard', async () => {
  const { join, followers, says, states } = await followersOfThree()
  const first = await join(3)
  followers.add('order-1:1')
  await says(first, 3)
  expect(states()).toEqual(['connecting'])
})

test('nothing is said of a follower that was dropped while it was let in', async () => {
  const { followers, net, told } = await followersOfThree()
  followers.add('order-1:1')
  net.stream.say({ state: { replicaId: 1, length: 3, digest: digestOf(3) } })
  net.stream.break()
  await settled()
  expect(told).toEqual([])
})

test('with as many as can be, one that has never answered makes room, and one in sync does not', async () => {
  const { join, followers, net } = await followersOfThree()
  const inSync = await join(3, 'order-1:1')
  for (let i = 2; i <= LIMITS.replicasMax; i += 1) followers.add(`mute-${i}:1`)
  followers.add('order-2:1')
  expect(net.streams.map(({ isOpen }) => isOpen).indexOf(false)).toBe(1)
  expect([inSync.isOpen, followers.views().length]).toEqual([true, LIMITS.replicasMax])
})

test('F3: a follower of another make is offered what it lacks, once it is published, and nobody waits for it', async () => {
  const { joinForeign, append, publish, other, isHeld, states } = await followersOfThree()
  await joinForeign(2)
  await append()
  expect([other.offered, states(), await isHeld(4)]).toEqual([[2], ['another program'], true])
  await publish()
  expect(other.offered).toEqual([2, 3])
})

test('F3: one that was streamed orders may take them in first, and is offered only those behind them', async () => {
  const { joinForeign, append, publish, pass, other } = await followersOfThree()
  await joinForeign(1, 3)
  other.held = 3
  await pass(100)
  await append()
  await publish()
  expect(other.offered).toEqual([3])
})

test('F3: one that is held back is offered nothing until it is added again', async () => {
  const { joinForeign, append, publish, followers, other, states } = await followersOfThree()
  await joinForeign(3)
  followers.holdBack('other:1')
  await append()
  await publish()
  expect([other.offered, states()]).toEqual([[], []])
  await joinForeign(3)
  expect(other.offered).toEqual([3])
})

test('closed, it lets everybody go and waits for nothing', async () => {
  const { join, append, followers, clock } = await followersOfThree()
  const stream = await join(3)
  await append()
  const held = followers.held(4)
  followers.close()
  await held
  expect([stream.isOpen, clock.timers]).toEqual([false, 0])
})

test('a leader whose followers all answer rests, and says so; an order ends that', async () => {
  const { clock, followers, join, says, append } = await followersOfThree()
  const stream = await join(3)
  const beats = async (ms: number) => {
    const before = stream.sent.length
    for (let passed = 0; passed < ms; passed += 50) {
      const sent = stream.sent.length
      clock.pass(50)
      if (stream.sent.length > sent) await says(stream, 3)
    }
    return stream.sent.slice(before).flatMap((message) => message.append ?? [])
  }
  expect((await beats(1_000)).map(({ resting }) => resting)).toEqual(Array(5).fill(false))
  await beats(5_000)
  expect((await beats(10_000)).map(({ resting }) => resting)).toEqual(Array(5).fill(true))
  await append()
  const [order, ...heartbeats] = stream.sent.slice(-1).flatMap((message) => message.append ?? [])
  expect([order?.entries.length, order?.resting, heartbeats]).toEqual([1, false, []])
  followers.close()
})

test('F2 at rest: a follower that is silent owes its answer from the order on', async () => {
  const { clock, followers, join, says, append, states } = await followersOfThree()
  const stream = await join(3)
  for (let passed = 0; passed < 10_000; passed += 50) {
    const sent = stream.sent.length
    clock.pass(50)
    if (stream.sent.length > sent) await says(stream, 3)
  }
  clock.pass(500)
  await append()
  clock.pass(300)
  expect(states()).toEqual(['in-sync'])
  clock.pass(100)
  expect(states()).toEqual([])
  followers.close()
  expect(clock.timers).toBe(0)
})
