import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { connectionsMaxOf, ConnectionRoom, descriptorsMax } from './connection-room.ts'

class Connection extends EventEmitter {
  bytesRead = 0
  isOpen = true
  destroy(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.emit('close')
  }
}

function roomOf(connectionsMax: number) {
  let tick: (() => void) | undefined
  const clock = {
    every: (_intervalMs: number, run: () => void) => {
      tick = run
      return { cancel: () => (tick = undefined) }
    },
  } as unknown as Clock
  const room = new ConnectionRoom(clock, connectionsMax)
  const connect = () => {
    const connection = new Connection()
    room.add(connection)
    return connection
  }
  const pass = (seconds: number, talking: readonly Connection[] = []) => {
    for (let sweep = 0; sweep < seconds * 2; sweep += 1) {
      for (const connection of talking) connection.bytesRead += 1
      tick?.()
    }
  }
  return { room, connect, pass, isWatching: () => tick !== undefined }
}

test('without room a new connection is closed, as long as all others may wait for an answer', () => {
  const { room, connect, pass } = roomOf(3)
  const held = [connect(), connect(), connect()]
  pass(5)
  expect(connect().isOpen).toBe(false)
  expect(held.every(({ isOpen }) => isOpen)).toBe(true)
  held[0]!.destroy()
  expect(connect().isOpen).toBe(true)
  expect(room.size).toBe(3)
})

test('the connection that is silent for longest makes room, but none that talks', () => {
  const { room, connect, pass } = roomOf(4)
  const [silent, talking, later] = [connect(), connect(), connect()]
  pass(2, [talking])
  later.bytesRead += 1
  pass(6.5, [talking])
  const fourth = connect()
  expect(connect().isOpen).toBe(true)
  expect([silent, talking, later, fourth].map(({ isOpen }) => isOpen)).toEqual([false, true, true, true])
  expect(connect().isOpen).toBe(true)
  expect(later.isOpen).toBe(false)
  expect(connect().isOpen).toBe(false)
  expect([talking.isOpen, room.size]).toEqual([true, 4])
})

test('while there is room, no connection is watched', () => {
  const { connect, isWatching } = roomOf(100)
  const held = Array.from({ length: 80 }, connect)
  expect(isWatching()).toBe(true)
  for (const connection of held.slice(10)) connection.destroy()
  expect(isWatching()).toBe(false)
})

test('descriptors are kept back for own connections and files', () => {
  expect(connectionsMaxOf(256)).toBe(192)
  expect(connectionsMaxOf(40)).toBe(16)
  expect(connectionsMaxOf(undefined)).toBe(20_000)
  expect(connectionsMaxOf(1_048_576)).toBe(20_000)
})

test.runIf(process.platform === 'linux')('the limit of this process is known', () => {
  expect(descriptorsMax()).toBeGreaterThan(0)
})
