import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { ParkedConnections, type PausableConnection } from './parked-connections.ts'

/** A clock with one timer. The test turns it on. */
class HandClock {
  nowMs = 0
  tick: (() => void) | undefined
  readonly clock = {
    monotonicMs: () => this.nowMs,
    every: (_intervalMs: number, run: () => void) => {
      this.tick = run
      return { cancel: () => (this.tick = undefined) }
    },
  } as unknown as Clock

  advance(ms: number): void {
    this.nowMs += ms
    this.tick?.()
  }
}

class Connection implements PausableConnection {
  isRead = true
  pause = () => void (this.isRead = false)
  resume = () => void (this.isRead = true)
}

const parkedOf = (count: number) => {
  const hand = new HandClock()
  const parked = new ParkedConnections(hand.clock)
  const connections = Array.from({ length: count }, () => new Connection())
  for (const connection of connections) parked.park(connection)
  const read = () => connections.filter((connection) => connection.isRead).length
  return { hand, parked, connections, read }
}

test('a parked connection is not read until the next tick', () => {
  const { hand, read } = parkedOf(3)
  expect(read()).toBe(0)
  hand.advance(10)
  expect(read()).toBe(3)
  expect(hand.tick, 'the timer rests').toBe(undefined)
})

test('the later the ticks come, the fewer connections are read again; those that wait longest are first', () => {
  const { hand, connections, read } = parkedOf(5_000)
  hand.advance(100)
  const first = read()
  hand.advance(100)
  const second = read() - first
  hand.advance(100)
  expect(first).toBeGreaterThan(second)
  expect(second).toBeGreaterThan(read() - first - second)
  expect(connections.findLastIndex((connection) => connection.isRead)).toBe(read() - 1)
})

test('no connection waits longer than a second, however late the ticks are', () => {
  const { hand, read } = parkedOf(5_000)
  for (let ticks = 0; ticks < 9; ticks += 1) hand.advance(100)
  expect(read()).toBeLessThan(5_000)
  hand.advance(100)
  expect(read()).toBe(5_000)
})

test('a connection that is parked twice keeps its place', () => {
  const { hand, parked, connections } = parkedOf(5_000)
  hand.advance(500)
  parked.park(connections.at(-1)!)
  hand.advance(500)
  expect(connections.at(-1)!.isRead).toBe(true)
})

test('when all connections are gone, no timer is left', () => {
  const { hand, parked } = parkedOf(2)
  parked.close()
  expect(hand.tick).toBe(undefined)
})
