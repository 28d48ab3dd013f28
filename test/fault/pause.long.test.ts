import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startCluster, type Cluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { lateAnswers, load, type SeenError } from './load.ts'
import { inOneTry } from './process.ts'

/**
 * Stops a process without ending it. Its connections stay open and say nothing, which is the hardest way to be away. Returns
 * the errors that clients saw because the machine was busy.
 */
async function pauseUnderLoad(cluster: Cluster, name: string): Promise<readonly SeenError[]> {
  const clients = load(cluster)
  await clients.untilAcknowledged(100)
  cluster.pause(name)
  await clients.untilAcknowledged(100) // Trading goes on without the process.
  cluster.resume(name)
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  expect(report.wrong).toEqual([])
  await checkEndState(cluster, report.acknowledged)
  return lateAnswers(report)
}

test('SIGSTOP of the leader: another one leads, clients see a pause and no error', () =>
  inOneTry(async () => {
    await using cluster = await startCluster()
    return await pauseUnderLoad(cluster, await cluster.leader())
  }))

test('SIGSTOP of a follower: the leader drops it, clients see a pause and no error', () =>
  inOneTry(async () => {
    await using cluster = await startCluster()
    const leader = await cluster.leader()
    const late = await pauseUnderLoad(cluster, (await cluster.followers())[0] ?? '')
    return [...late, ...(await cluster.changesSince(leader))]
  }))

test('SIGSTOP of the catalogue for 2 s: never a wrong answer, and the leader stays', () =>
  inOneTry(async () => {
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
    await checkEndState(cluster, report.acknowledged)
    return await cluster.changesSince(leader)
  }))
