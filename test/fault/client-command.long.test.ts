import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startCluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess } from './process.ts'

const CLIENTS = 5

test('five clients verify all their orders while the leader is killed and restarted three times', async () => {
  await using cluster = await startCluster()
  const [host = '', port = ''] = cluster.frontEnd.split(':')
  let killing = true
  const ended: CliProcess[] = []
  const runAgainAndAgain = async () => {
    while (killing) {
      const client = new CliProcess(['client', host, port, '0.8', '1'])
      await client.exited
      ended.push(client)
    }
  }
  const clients = Array.from({ length: CLIENTS }, runAgainAndAgain)
  for (let time = 0; time < 3; time++) {
    await sleep(500)
    const leader = await cluster.leader()
    await cluster.restartedSince(leader, cluster.kill(leader))
    await cluster.untilTrading()
  }
  killing = false
  await Promise.all(clients)

  expect(ended.length).toBeGreaterThanOrEqual(CLIENTS)
  for (const { output, exited } of ended) {
    expect(output).toContain('ALL ORDERS VERIFIED')
    expect(await exited, output).toEqual({ code: 0, signal: null })
  }
  await checkEndState(cluster, [])
})
