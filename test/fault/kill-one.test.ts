import { describe, expect, test } from 'vitest'
import { startCluster, type Cluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { lateAnswers, load, type LoadReport } from './load.ts'
import { inOneTry } from './process.ts'

/** Kills one process with SIGKILL under load, waits until it is back and trading goes on, and checks the end state. */
async function killUnderLoad(cluster: Cluster, name: string): Promise<LoadReport> {
  const clients = load(cluster)
  await clients.untilAcknowledged(100)
  await cluster.restartedSince(name, cluster.kill(name))
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  await checkEndState(cluster, report.acknowledged)
  expect(report.wrong).toEqual([])
  return report
}

describe('kill -9 and restart under load', () => {
  test('the leader: clients see a pause and no error', () =>
    inOneTry(async () => {
      await using cluster = await startCluster()
      const leader = await cluster.leader()
      const report = await killUnderLoad(cluster, leader)
      const elected = await cluster.leader()
      return [...lateAnswers(report), ...(elected === leader ? ['it was elected for coming back'] : [])]
    }))

  test('a follower: clients see a pause and no error', () =>
    inOneTry(async () => {
      await using cluster = await startCluster()
      const leader = await cluster.leader()
      const [follower = ''] = await cluster.followers()
      const report = await killUnderLoad(cluster, follower)
      return [...lateAnswers(report), ...(await cluster.changesSince(leader))]
    }))

  test('the catalogue: clients see a pause or 503, never a wrong answer', () =>
    inOneTry(async () => {
      await using cluster = await startCluster()
      const leader = await cluster.leader()
      const report = await killUnderLoad(cluster, 'catalogue')
      expect(report.errors.filter(({ status }) => status !== 503)).toEqual([])
      return await cluster.changesSince(leader) // A slow catalogue is no reason to elect another leader.
    }))

  test('the front end: clients repeat what was under way, and nothing is doubled', async () => {
    await using cluster = await startCluster()
    const report = await killUnderLoad(cluster, 'frontend')
    expect(report.errors.filter(({ status }) => status !== 0 && status !== 503)).toEqual([])
  })
})
