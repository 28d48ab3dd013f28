import { expect, test, vi } from 'vitest'
import { silentLogger } from '../runtime/logger.ts'
import type { FrontEndToReplica } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { HandClock } from '../../test/hand-clock.ts'
import { ReplicaLink } from './replica-link.ts'

/** The front end pings this often. */
const BEAT_MS = 150
const SYSTEM = { clusterId: 'c', catalogueAddress: 'c:1' }

/** A front end's way to a replica that answers each ping after a time that the test chooses. */
class SlowReplica {
  readonly hand = new HandClock()
  readonly lost = vi.fn()
  answersAfterMs = 1
  readonly #link: ReplicaLink

  constructor() {
    const pong = { replicaId: 1, role: 'leader', epoch: 1, canLead: true, trouble: '', length: 0, ...SYSTEM }
    const openStream = (_address: string, _method: string, { message }: { message(message: object): void }) => ({
      send: ({ ping }: FrontEndToReplica) => {
        if (ping) this.hand.clock.after(this.answersAfterMs, () => message({ pong: { ...pong, ping: ping.ping } }))
      },
      close: () => {},
    })
    const runtime = { clock: this.hand.clock, log: silentLogger, network: { openStream } } as unknown as Runtime
    const self = { frontEndId: 'fe-1', system: SYSTEM }
    const receivers = { orders: { settle: () => 'heard' as const }, cache: { invalidate: () => {} }, feed: { tailed: () => {} } }
    const watcher = { used: () => {}, objection: () => undefined, heard: () => {}, lost: this.lost }
    this.#link = new ReplicaLink(runtime, { id: 1, address: 'order-1:1' }, self, receivers, watcher)
  }

  get isUp(): boolean {
    return this.#link.state !== undefined
  }

  beat(times: number): void {
    for (let beat = 0; beat < times; beat += 1) {
      this.#link.beat(undefined)
      this.hand.run(BEAT_MS)
    }
  }
}

test('a replica that answers later and later, as on a busy machine, is not taken for dead', () => {
  const replica = new SlowReplica()
  for (const ms of [1, 100, 190, 370, 600, 1_150]) {
    replica.answersAfterMs = ms
    replica.beat(20)
  }
  expect(replica.lost).not.toHaveBeenCalled()
})

test('a replica that is slow from the start is used all the same', () => {
  const replica = new SlowReplica()
  replica.answersAfterMs = 800
  replica.beat(10)
  expect(replica.isUp).toBe(true)
  replica.beat(100)
  expect(replica.isUp).toBe(true)
  expect(replica.lost).not.toHaveBeenCalled()
})

test('a replica that suddenly gets slow is missed once, and then used as it is', () => {
  const replica = new SlowReplica()
  replica.beat(20)
  replica.answersAfterMs = 1_000
  replica.beat(100)
  expect(replica.isUp).toBe(true)
  expect(replica.lost).toHaveBeenCalledOnce()
})

test.each([1, 700, 10_000])('a replica that answered within %i ms and then falls silent is missed soon', (ms) => {
  const replica = new SlowReplica()
  replica.answersAfterMs = ms
  replica.beat(30)
  replica.lost.mockClear()
  replica.answersAfterMs = Infinity
  replica.beat(20)
  expect(replica.lost).toHaveBeenCalled()
})
