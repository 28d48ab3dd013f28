import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { exchange } from './http-exchange.ts'

const server = createServer(({ url }, response) => void (url === '/long' && response.end('x'.repeat(100))))
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close().closeAllConnections())

const targetWith = (agent: Agent, timeoutMs: number) => {
  const { port } = server.address() as AddressInfo
  return { host: '127.0.0.1', port, agent, clock: systemClock, timeoutMs, answerLengthMax: 99 }
}

test('a request that waits for a free connection ends at its deadline, and was not sent', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const cancelled = exchange(targetWith(agent, 3_600_000), { method: 'GET', path: '/silent' })
  const waiting = await exchange(targetWith(agent, 50), { method: 'GET', path: '/waits' })
  expect(waiting).toEqual({ kind: 'failed', cause: 'no answer within 50 ms', sent: false, stale: false })
  agent.destroy()
  expect(await cancelled).toMatchObject({ kind: 'failed', sent: true })
})

test('a longer answer than wanted is not read to its end', async () => {
  const agent = new Agent()
  expect(await exchange(targetWith(agent, 60_000), { method: 'GET', path: '/long' })).toMatchObject({ kind: 'failed' })
})
