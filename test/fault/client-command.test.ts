import { expect, test } from 'vitest'
import { startCluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess } from './process.ts'

const CLIENTS = 5

test('five clients verify all their orders while the leader is killed and restarted three times', async () => {
  await using cluster = await startCluster()
  const [host = '', port = ''] = cluster.frontEnd.split(':')
  const clients = Array.from({ length: CLIENTS }, () => new CliProcess(['client', host, port, '0.8', '1']))
  for (let time = 0; time < 3; time++) {
    const leader = await cluster.leader()
    await cluster.restartedSince(leader, cluster.kill(leader))
    await cluster.untilTrading()
  }
  const exits = await Promise.all(clients.map(({ exited }) => exited))
  for (const [i, { output }] of clients.entries()) {
    expect(output, `client ${i}`).toContain('ALL ORDERS VERIFIED')
    expect(exits[i], `client ${i}: ${output}`).toEqual({ code: 0, signal: null })
  }
  await checkEndState(cluster, [])
})
