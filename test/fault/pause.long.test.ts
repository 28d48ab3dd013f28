import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startCluster, type Cluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { load } from './load.ts'

/** Stops a process without ending it: its connections stay open and say nothing, the hardest way to be away. */
async function pauseUnderLoad(cluster: Cluster, name: string): Promise<void> {
  const clients = load(cluster)
  await clients.untilAcknowledged(100)
  cluster.pause(name)
  await clients.untilAcknowledged(100) // Without it.
  cluster.resume(name)
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  expect(report.errors).toEqual([])
  expect(report.wrong).toEqual([])
  await checkEndState(cluster, report.acknowledged)
}

test('SIGSTOP of the leader: another one leads, clients see a pause and no error', async () => {
  await using cluster = await startCluster()
  await pauseUnderLoad(cluster, await cluster.leader())
})

test('SIGSTOP of a follower: the leader drops it, clients see a pause and no error', async () => {
  await using cluster = await startCluster()
  const leader = await cluster.leader()
  await pauseUnderLoad(cluster, (await cluster.followers())[0] ?? '')
  expect(await cluster.leader()).toBe(leader)
})

test('SIGSTOP of the catalogue for 2 s: never a wrong answer, and the leader stays', async () => {
  await using cluster = await startCluster()
  const leader = await cluster.leader()
  const clients = load(cluster)
  await clients.untilAcknowledged(100)
  cluster.pause('catalogue')
  await sleep(2_000)
  cluster.resume('catalogue')
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  expect(report.wrong).toEqual([])
  expect(report.errors.filter(({ status }) => status !== 503)).toEqual([])
  expect(await cluster.leader()).toBe(leader)
  await checkEndState(cluster, report.acknowledged)
})
