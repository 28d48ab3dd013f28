import { expect, test } from 'vitest'
import type { StatusData } from '../../src/http/types.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'

const CLIENTS = 5

/** Waits until so many more orders are published. */
async function untilLonger({ frontEnd }: Cluster, by: number): Promise<void> {
  const length = async () => {
    const { catalogue } = dataOf<StatusData>(await ask(frontEnd, '/status'))
    return catalogue.reachable ? catalogue.published : undefined
  }
  const before = await eventually('the catalogue answers', HOPELESS_MS, length)
  await eventually(`${by} more orders`, HOPELESS_MS, async () => ((await length()) ?? 0) >= before + by || undefined)
}

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
    await untilLonger(cluster, 50)
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
