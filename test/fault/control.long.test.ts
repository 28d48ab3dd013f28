import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ControlFile } from '../../src/cli/supervisor/control-file.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { load } from './load.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'
import { wholeAgain } from './whole.ts'

/** Runs a command on the cluster's folder. Returns its exit code and its output. */
async function run({ dataDir }: Cluster, ...words: readonly string[]): Promise<{ code: number | null; output: string }> {
  const command = new CliProcess([...words, '--data', dataDir])
  const { code } = await command.exited
  return { code, output: command.output }
}

const isOpen = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host = '', port = ''] = address.split(':')
    const socket = connect(Number(port), host, () => resolve(socket.destroy() !== undefined))
    socket.once('error', () => resolve(false))
  })

test('control outlives everything that it kills, and ends with `up`', async () => {
  let file: ControlFile
  {
    await using cluster = await startCluster()
    const path = join(cluster.dataDir, 'control.json')
    file = JSON.parse(readFileSync(path, 'utf8')) as ControlFile
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(cluster.dataDir, 'up.json'), 'utf8')).not.toContain(file.token)
    const clients = load(cluster)
    await clients.untilAcknowledged(50)

    const frontEnd = await run(cluster, 'kill', 'frontend')
    expect(frontEnd).toEqual({
      code: 0,
      output: expect.stringMatching(/^frontend \(pid \d+\) was killed\.\nfrontend is back as pid \d+; that took /),
    })
    await clients.untilAcknowledged(50)

    const { code, output } = await run(cluster, 'kill', 'all', '--json')
    expect(code, output).toBe(0)
    const deed = JSON.parse(output) as { names: string[]; effects: { kind: string }[] }
    expect(deed.names).toEqual(['catalogue', 'order-1', 'order-2', 'order-3', 'frontend'])
    expect(deed.effects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['back', 'leads']))
    await clients.untilAcknowledged(50)

    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await wholeAgain(cluster)
    await checkEndState(cluster, report.acknowledged)
    expect(existsSync(path)).toBe(true)
    expect(await isOpen(file.control)).toBe(true)
  }
  expect(await isOpen(file.control)).toBe(false)
})

test('a paused process reads "paused", and what was not paused is not resumed', async () => {
  await using cluster = await startCluster()
  const [follower = ''] = await cluster.followers()
  expect(await run(cluster, 'resume', follower)).toEqual({ code: 1, output: `bazaar: ${follower} was not paused\n` })
  expect(await run(cluster, 'pause', follower)).toMatchObject({ code: 0, output: expect.stringContaining(`${follower} (pid `) })
  const status = await run(cluster, 'status')
  expect(status.output).toMatch(new RegExp(`^${follower} +paused `, 'm'))
  expect(status.output).toContain(`${follower} is paused: \`bazaar resume ${follower}\` lets it go on`)
  expect(status.output).not.toContain('unreachable')
  expect(await run(cluster, 'resume', follower)).toMatchObject({ code: 0, output: expect.stringMatching(/was resumed\.\n$/) })

  expect(await run(cluster, 'pause', 'frontend')).toMatchObject({ code: 0 })
  expect(await run(cluster, 'status')).toEqual({ code: 3, output: 'bazaar: frontend is paused: `bazaar resume frontend` lets it go on\n' })
  expect(await run(cluster, 'resume', 'frontend')).toMatchObject({ code: 0 })
  await eventually('the status is whole', HOPELESS_MS, async () => (await run(cluster, 'status')).code === 0 || undefined)
})

test('a kill and a pause for a while end by themselves, and the command waits for that', async () => {
  await using cluster = await startCluster()
  await wholeAgain(cluster)
  const leader = await cluster.leader()
  const paused = await run(cluster, 'pause', 'leader', '--for', '1500ms')
  expect(paused.code, paused.output).toBe(0)
  expect(paused.output).toMatch(new RegExp(`^${leader} \\(pid \\d+\\), the leader, was paused for 1\\.5 s\\.$`, 'm'))
  expect(paused.output).toMatch(new RegExp(`^${leader} goes on after `, 'm'))
  const killed = await run(cluster, 'kill', 'random', '--for', '1s')
  expect(killed.output).toMatch(/^(order-\d) \(pid \d+\)(, the leader,)? was killed; it stays down for 1\.0 s\.$/m)
  expect(killed.output).toMatch(/^order-\d is back as pid \d+; that took /m)
  await wholeAgain(cluster)
})

test('mistakes have their exit codes', async () => {
  await using cluster = await startCluster()
  expect(await run(cluster, 'kill', 'nobody')).toMatchObject({ code: 2, output: expect.stringContaining('no process is called "nobody"') })
  expect(await run(cluster, 'pause', 'order-1', '--for', '10')).toMatchObject({
    code: 2,
    output: expect.stringContaining('must be a time'),
  })
  expect(await run(cluster, 'resume', 'all')).toMatchObject({ code: 1 })
})
