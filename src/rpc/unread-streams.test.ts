import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { HandClock } from '../../test/hand-clock.ts'
import { LIMITS } from '../domain/limits.ts'
import { silentLogger } from '../runtime/logger.ts'
import { UnreadStreams } from './unread-streams.ts'

class Connection extends EventEmitter {
  writableLength = 0
  isCut = false
  destroy(): void {
    this.isCut = true
    this.emit('close')
  }
}

function watched(count: number) {
  const hand = new HandClock()
  const lines: object[] = []
  const unread = new UnreadStreams(hand.clock, { ...silentLogger, warn: (facts) => lines.push(facts) })
  unread.start(0)
  const connections = Array.from({ length: count }, () => new Connection())
  const tell = connections.map((connection, at) => unread.watch(connection, at, connection))
  return { hand, lines, connections, tell: tell[0]! }
}

test('a connection of which nothing is taken for ten seconds is cut', () => {
  const { hand, lines, connections, tell } = watched(3)
  const [stuck, slow, idle] = connections
  stuck!.writableLength = 100
  tell()
  for (let second = 0; second < 30; second += 1) {
    slow!.writableLength = 1_000 - second
    if (second === 9) expect(stuck!.isCut).toBe(false)
    hand.run(1_000, 100)
  }
  expect([stuck, slow, idle].map((each) => each!.isCut)).toEqual([true, false, false])
  expect(lines).toEqual([{ peer: 0, bytes: 100, why: 'nothing is taken' }])
})

test('of too much that is not taken, the connection with most of it is cut', () => {
  const { hand, lines, connections, tell } = watched(2)
  for (let tenth = 0; tenth < 20; tenth += 1) {
    connections[0]!.writableLength = LIMITS.unreadBytesMax / 2 + tenth
    connections[1]!.writableLength = LIMITS.unreadBytesMax / 2 + 1_000 + tenth
    tell()
    hand.run(100, 100)
  }
  expect(connections.map(({ isCut }) => isCut)).toEqual([false, true])
  expect(lines).toMatchObject([{ peer: 1, why: 'too much is not taken' }])
})

test('it looks while something is unread, and not when all was taken', () => {
  const { hand, connections, tell } = watched(2)
  expect(hand.timers).toBe(0)
  connections[1]!.writableLength = 100
  tell()
  tell()
  for (let second = 0; second < 5; second += 1) {
    expect(hand.timers).toBe(1)
    hand.run(1_000, 100)
  }
  connections[1]!.writableLength = 0
  hand.run(1_000, 100)
  expect(hand.timers).toBe(0)
  connections[0]!.writableLength = 100
  tell()
  hand.run(11_000, 100)
  expect(connections.map(({ isCut }) => isCut)).toEqual([true, false])
  hand.run(1_000, 100)
  expect(hand.timers).toBe(0)
})
