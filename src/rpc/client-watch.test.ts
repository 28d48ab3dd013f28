import type { Http2Session } from 'node:http2'
import { expect, test } from 'vitest'
import { HandClock } from '../../test/hand-clock.ts'
import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS } from './channel-options.ts'
import { watch } from './client-watch.ts'

/** A connection whose client answers pings when the test says so. */
class Session {
  readonly hand = new HandClock()
  destroyed = false
  #asked: ((error: null) => void)[] = []

  constructor() {
    const session = {
      isDestroyed: () => this.destroyed,
      ping: (answered: (error: null) => void) => this.#asked.push(answered) > 0,
      destroy: () => void (this.destroyed = true),
      once: () => {},
    }
    Object.defineProperty(session, 'destroyed', { get: session.isDestroyed })
    watch(session as unknown as Http2Session, session.ping, this.hand.clock)
  }

  get asked(): number {
    return this.#asked.length
  }

  /** Reads the client's answer. */
  answer(): void {
    for (const answered of this.#asked.splice(0)) answered(null)
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

test('a client that does not answer is given up', () => {
  const session = new Session()
  session.hand.run(SERVER_KEEPALIVE_MS + SERVER_KEEPALIVE_TIMEOUT_MS - 200)
  expect(session.destroyed).toBe(false)
  session.hand.run(400)
  expect(session.destroyed).toBe(true)
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
