import { expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import type { Network } from '../wire/network.ts'
import { Pushes } from './pushes.ts'
import { RouteStream, type RouteOwner } from './route-stream.ts'

const SESSION = { frontEndId: 'fe', address: 'frontend:1' }

/** Pushes whose deadline passes when the test says so. */
function newPushes() {
  const deadlines: (() => void)[] = []
  let nowMs = 0
  const clock = {
    monotonicMs: () => 0,
    awakeMs: () => nowMs,
    watchAwake: () => ({ cancel: () => {} }),
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
  const newRoute = () => {
    const route = new RouteStream(clock, { send: () => {}, close: () => {}, drained: async () => {} }, {} as RouteOwner)
    const confirm = () => route.start().message({ invalidated: { names: ['tesla'], number: 1 } })
    return { route, confirm }
  }
  return { pushes, push, passDeadlines, newRoute }
}

test('a push is confirmed on the stream that it was sent on, in order', async () => {
  const { pushes, push, newRoute } = newPushes()
  const { route, confirm } = newRoute()
  pushes.attach('fe', route)
  const both = Promise.all([push(1), push(2)])
  confirm()
  confirm()
  expect(await both).toEqual([[], []])
})

test('what an earlier stream still brings confirms nothing that was sent on the next one', async () => {
  const { pushes, push, passDeadlines, newRoute } = newPushes()
  const [earlier, next] = [newRoute(), newRoute()]
  pushes.attach('fe', earlier.route)
  const first = push(1)
  pushes.attach('fe', next.route)
  expect(await first).toEqual(['fe'])
  const second = push(2)
  earlier.confirm()
  passDeadlines()
  expect(await second).toEqual(['fe'])
})
