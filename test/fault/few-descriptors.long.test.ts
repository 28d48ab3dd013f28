import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { StatusData } from '../../src/http/types.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { place } from '../contract/conformance/target.ts'
import { bareSystem, type BareSystem } from './bare-system.ts'
import { eventually, HOPELESS_MS } from './process.ts'

const DESCRIPTORS = 256
const SLOW_CLIENTS = 300

const slow = new Set<Socket>()
afterEach(() => {
  for (const socket of slow) socket.destroy()
  slow.clear()
})

/** Connects, begins a request and never ends it. When the connection is closed, it connects again. */
function connectSlowly(address: string): void {
  const url = new URL(`http://${address}`)
  const socket = connect({ host: url.hostname, port: Number(url.port) }, () => socket.write('GET /stocks/tesla HTT'))
  socket.on('error', () => {})
  slow.add(socket)
}

const isWhole = async ({ frontEnd }: BareSystem): Promise<true | undefined> => {
  const { catalogue, replicas } = dataOf<StatusData>(await ask(frontEnd, '/status'))
  return (catalogue.reachable && replicas.every((replica) => replica.reachable && /^(leader|follower)$/.test(replica.role))) || undefined
}

test('with 256 descriptors and 300 slow clients at each process, whoever is restarted is reached, and orders are placed', async () => {
  await using system = await bareSystem()
  system.descriptorsMax = DESCRIPTORS
  system.start(...system.names)
  await system.untilTrading()
  await eventually(
    'it says what it can take',
    HOPELESS_MS,
    () => system.output('frontend').includes('"descriptors":256,"connectionsMax":192') || undefined,
  )

  for (let count = 0; count < SLOW_CLIENTS; count += 1) {
    for (const address of [system.frontEnd, system.catalogue, ...system.replicas.map((replica) => replica.address)]) connectSlowly(address)
  }
  for (const name of ['order-3', 'order-2', 'catalogue']) {
    await system.kill(name)
    system.start(name)
    await eventually(`all is well after ${name} was killed`, HOPELESS_MS, () => isWhole(system))
    expect(await place(system, 'tesla', 'sell', 1)).toBeGreaterThanOrEqual(0)
  }
  await system.kill('frontend')
  system.start('frontend')
  await system.untilTrading()
  expect(await place(system, 'tesla', 'sell', 1)).toBeGreaterThanOrEqual(0)
})
