import { expect, test } from 'vitest'
import { startCluster, type Cluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { lateAnswers, load } from './load.ts'
import { CliProcess, inOneTry } from './process.ts'
import { wholeAgain } from './whole.ts'

/** Runs a command that has to succeed. Returns its output. */
async function said(...words: readonly string[]): Promise<string> {
  const command = new CliProcess(words)
  const { code } = await command.exited
  expect(code, command.output).toBe(0)
  return command.output
}

/** Kills a process by the command line. Returns which one it was. */
async function killed({ dataDir }: Cluster, name: string): Promise<{ readonly name: string; readonly pid: number }> {
  const words = await said('kill', name, '--data', dataDir)
  const [, which = '', pid] = /^(order-\d) \(pid (\d+)\)(?:, the leader,)? was killed\.$/m.exec(words) ?? []
  expect(pid, words).toBeDefined()
  return { name: which, pid: Number(pid) }
}

test('five replicas: the leader and another one are killed, clients see no error, and every copy is whole', () =>
  inOneTry(async () => {
    await using cluster = await startCluster({ replicas: 5, words: ['--replicas', '5'] })
    await wholeAgain(cluster)
    expect(cluster.replicas.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
    const clients = load(cluster)
    await clients.untilAcknowledged(50)

    const leader = await killed(cluster, 'leader')
    await clients.untilAcknowledged(50)
    const other = await killed(cluster, leader.name === 'order-1' ? 'order-2' : 'order-1')
    await Promise.all([leader, other].map(({ name, pid }) => cluster.restartedSince(name, pid)))
    await clients.untilAcknowledged(100)

    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await checkEndState(cluster, report.acknowledged)
    await wholeAgain(cluster)
    const [host = '', port = ''] = cluster.frontEnd.split(':')
    const [status, verified] = [await said('status', '--host', host, '--port', port), await said('verify', '--data', cluster.dataDir)]
    for (const { id } of cluster.replicas) {
      expect(status).toMatch(new RegExp(`^order-${id} `, 'm'))
      expect(verified).toMatch(new RegExp(`order-?${id}\\b`))
    }
    expect(await said('logs', '--data', cluster.dataDir, '--name', 'order-5', '--lines', '0')).toMatch(/ order-5 +INFO /)
    return lateAnswers(report)
  }))
