import { expect, test } from 'vitest'
import { processesOf, type ClusterPlan } from './plan.ts'

const plan: ClusterPlan = {
  data: '/d',
  host: '0.0.0.0',
  grpcHost: '127.0.0.1',
  frontEndPort: 10,
  cataloguePort: 20,
  orderPorts: [31, 32],
  caching: false,
  cacheStocksMax: 8,
  streams: 'frames',
  logLevel: 'info',
  cors: ['loopback'],
}

test("every process gets the contract's arguments", () => {
  const [catalogue, first, second, frontEnd] = processesOf(plan).map(({ name, args }) => `${name}: ${args.join(' ')}`)
  expect(catalogue).toMatch(/^catalogue: catalog --port 20 --replica-addresses 127.0.0.1:31,127.0.0.1:32 /)
  expect(first).toMatch(/^order-1: order 31 1 127.0.0.1 10 0 --catalog 127.0.0.1:20 /)
  expect(second).toMatch(/^order-2: order 32 2 127.0.0.1 10 0 /)
  expect(frontEnd).toMatch(/^frontend: frontend 1 127.0.0.1:31 2 127.0.0.1:32 0 --port 10 --host 0.0.0.0 /)
})

test('an IPv6 host is written in brackets before a port', () => {
  const [catalogue, first, , frontEnd] = processesOf({ ...plan, host: '::1', grpcHost: '::1' })
  expect(catalogue?.address).toBe('[::1]:20')
  expect(first?.args.join(' ')).toMatch(/^order 31 1 ::1 10 0 --catalog \[::1\]:20 --advertise \[::1\]:31 --host ::1 /)
  expect(frontEnd?.args.join(' ')).toContain(' --advertise [::1]:10 ')
})

test('the catalogue gets the file of stocks', () => {
  const [catalogue] = processesOf({ ...plan, stocks: '/s.json' })
  expect(catalogue?.args.join(' ')).toContain(' --stocks /s.json ')
})

test('a process that takes work in stops before the one that does it', () => {
  const order = processesOf(plan).toSorted((a, b) => a.stopStage - b.stopStage)
  expect(order.map((each) => each.name)).toEqual(['frontend', 'order-1', 'order-2', 'catalogue'])
})
