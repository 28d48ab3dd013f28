import { expect, test } from 'vitest'
import { HandClock } from '../../test/hand-clock.ts'
import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS } from './channel-options.ts'
import { watch } from './client-watch.ts'

/** A connection whose client answers pings when the test says so. */
class Session {
  readonly hand = new HandClock()
  destroyed = false
  bytesRead = 0
  #asked: (() => void)[] = []

  constructor() {
    const client = { bytesRead: () => this.#look(), ping: (answered: () => void) => this.#asked.push(answered) }
    watch(this, client, this.hand.clock)
  }

  #look(): number {
    if (this.destroyed) throw new Error('a session that is destroyed has no socket')
    this.looks += 1
    return this.bytesRead
  }

  destroy(): void {
    this.destroyed = true
  }

  once(): void {}

  get asked(): number {
    return this.#asked.length
  }

  /** How often it was looked whether the client has sent something. */
  looks = 0

  /** Reads the client's answer. */
  answer(): void {
    this.bytesRead += 1
    for (const answered of this.#asked.splice(0)) answered()
  }
}

test('a client that answers is asked on and on', () => {
  const session = new Session()
  for (let round = 0; round < 10; round += 1) {
    session.hand.run(SERVER_KEEPALIVE_MS)
    expect(session.asked).toBe(1)
    session.answer()
  }
  expect(session.destroyed).toBe(false)
})

test('a client that is heard now and then is not asked, and costs one look a second', () => {
  const session = new Session()
  const looksBefore = session.looks
  for (let round = 0; round < 10; round += 1) {
    session.bytesRead += 1
    session.hand.run(2_000)
  }
  expect(session.asked).toBe(0)
  expect(session.looks - looksBefore).toBeLessThanOrEqual(21)
})

test('a client that does not answer is given up, in time', () => {
  const session = new Session()
  session.hand.run(SERVER_KEEPALIVE_TIMEOUT_MS + 800)
  expect(session.destroyed).toBe(false)
  session.hand.run(SERVER_KEEPALIVE_MS - 800 + 400)
  expect(session.destroyed).toBe(true)
})

test('a connection that is about to close is not looked at', () => {
  const session = new Session()
  session.hand.run(1_500)
  session.destroy()
  session.hand.run(60_000)
  expect(session.asked).toBe(0)
})

test('a server that stood still reads what came meanwhile before it gives up on a client', () => {
  const session = new Session()
  session.hand.run(SERVER_KEEPALIVE_MS)
  session.hand.standStill(60_000)
  expect(session.destroyed).toBe(false)
  session.answer()
  session.hand.run(SERVER_KEEPALIVE_TIMEOUT_MS)
  expect(session.destroyed).toBe(false)
})
