import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { EXIT_HALTED } from '../../src/runtime/lifecycle.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { compileFailingDisk, failDisk, failingDiskEnvironment } from '../nemesis/failing-disk.ts'
import { load } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'bazaar-failing-disk-'))
const shim = compileFailingDisk(folder)
afterAll(() => rmSync(folder, { recursive: true }))

const leader = (cluster: Cluster): Promise<string> => cluster.leader()
const follower = async (cluster: Cluster): Promise<string> => (await cluster.followers())[0]!
const catalogue = async (): Promise<string> => 'catalogue'

const CASES = [
  { who: 'leader', nameIn: leader, what: 'writes' },
  { who: 'follower', nameIn: follower, what: 'syncs' },
  { who: 'catalogue', nameIn: catalogue, what: 'syncs' },
] as const

test.for(CASES)('$what of the $who fail: it ends, is restarted, and comes back', async ({ nameIn, what }, { skip }) => {
  if ('why' in shim) return skip(shim.why)
  const environment = { LD_PRELOAD: shim.library, ...failingDiskEnvironment(folder) }
  await using cluster = await startCluster({ environment })
  const clients = load(cluster)
  await clients.untilAcknowledged(50)
  const name = await nameIn(cluster)
  const pid = cluster.pid(name)
  const heal = failDisk(folder, what, pid)
  await cluster.restartedSince(name, pid)
  heal()
  await clients.untilAcknowledged(50)
  const report = await clients.stop()
  expect(report.wrong).toEqual([])
  await checkEndState(cluster, report.acknowledged)
  expect(readFileSync(join(cluster.dataDir, 'logs', `${name}.log`), 'utf8')).toMatch(/halted: .*disk I\/O error/)
  expect(cluster.lastWords()).toContain(`exit code ${EXIT_HALTED}`)
})
