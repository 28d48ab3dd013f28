import { expect, test } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { createFrontEnd } from './front-end.ts'

const OPTIONS = { replicas: [{ id: 1, address: 'order-1:1' }], catalogueAddress: 'catalogue:1', caching: true, cacheStocksMax: 8 }

test('a front end that is not started connects to nobody and waits for nothing', () => {
  const { clock, net, runtime } = manualRuntime()
  createFrontEnd(runtime, OPTIONS)
  expect([net.streams.length, clock.timers]).toEqual([0, 0])
})

test('one that is started connects to its catalogue and its replicas, and one that is closed lets go of all', () => {
  const { clock, net, runtime } = manualRuntime()
  const frontEnd = createFrontEnd(runtime, OPTIONS)
  frontEnd.start('frontend:1')
  expect(net.streams.map(({ method, address }) => [method, address]).toSorted()).toEqual([
    ['Catalog.Session', 'catalogue:1'],
    ['Order.Route', 'order-1:1'],
  ])
  clock.pass(1_000)
  frontEnd.close()
  clock.pass(1_000)
  expect(net.streams.filter(({ isOpen }) => isOpen)).toEqual([])
  expect(clock.timers).toBe(0)
})
