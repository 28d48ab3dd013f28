import { expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import type { MessageStream, Network } from '../wire/network.ts'
import type { ReplicaToFrontEnd } from '../wire/messages.ts'
import { Pushes } from './pushes.ts'

const SESSION = { frontEndId: 'fe', address: 'frontend:1' }

const newStream = (): MessageStream<ReplicaToFrontEnd> => ({ send: () => {}, close: () => {} })

/** Pushes whose deadline passes when the test says so. */
function newPushes() {
  const deadlines: (() => void)[] = []
  let nowMs = 0
  const clock = {
    monotonicMs: () => 0,
    awakeMs: () => nowMs,
    nextTurn: (run: () => void) => run(),
    after: (_delayMs: number, run: () => void) => {
      deadlines.push(run)
      return { cancel: () => {} }
    },
  } as unknown as Clock
  const network = { httpGet: async () => ({ status: 200, headers: { 'bazaar-front-end': 'fe' }, body: {} }) } as unknown as Network
  const pushes = new Pushes(clock, network, { caching: true, frontEndAddress: 'frontend:1' })
  const push = (number: number) => pushes.push(['tesla'], number, [SESSION])
  const passDeadlines = () => {
    nowMs += 1_000
    for (const run of deadlines.splice(0)) run()
  }
  return { pushes, push, passDeadlines }
}

test('a push is confirmed on the stream that it was sent on, in order', async () => {
  const { pushes, push } = newPushes()
  const stream = newStream()
  pushes.attach('fe', stream)
  const both = Promise.all([push(1), push(2)])
  pushes.confirmed('fe', stream)
  pushes.confirmed('fe', stream)
  expect(await both).toEqual([[], []])
})

test('what an earlier stream still brings confirms nothing that was sent on the next one', async () => {
  const { pushes, push, passDeadlines } = newPushes()
  const [earlier, next] = [newStream(), newStream()]
  pushes.attach('fe', earlier)
  const first = push(1)
  pushes.attach('fe', next)
  expect(await first).toEqual(['fe'])
  const second = push(2)
  pushes.confirmed('fe', earlier)
  passDeadlines()
  expect(await second).toEqual(['fe'])
})
