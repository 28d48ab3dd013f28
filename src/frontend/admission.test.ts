import fastify from 'fastify'
import { Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../runtime/clock.ts'
import { exchange } from '../runtime/http-exchange.ts'
import { admitRequests } from './admission.ts'

test('a connection that is kept holds nothing of the answers that went over it', async () => {
  const app = fastify()
  admitRequests(app, systemClock)
  app.get('/', async (request) => ({ listeners: request.raw.socket.listenerCount('close') }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const { port } = app.server.address() as AddressInfo
  const ask = () => exchange({ host: '127.0.0.1', port, agent, clock: systemClock, timeoutMs: 60_000 }, { method: 'GET', path: '/' })
  try {
    const first = await ask()
    let last = first
    for (let at = 0; at < 20; at += 1) last = await ask()
    expect(first).toMatchObject({ kind: 'answered', status: 200 })
    expect(last).toMatchObject({ kind: 'answered', text: first.kind === 'answered' && first.text })
  } finally {
    agent.destroy()
    await app.close()
  }
})
