import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { OrderData } from '../../src/http/types.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { type MachineLimits, peakMemoryMiB, smallMachine } from '../small-machine.ts'
import { lateAnswers, load } from './load.ts'
import { CliProcess, inOneTry } from './process.ts'
import { wholeAgain } from './whole.ts'

const folder = mkdtempSync(join(tmpdir(), 'bazaar-small-machine-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ONE_CORE = { oneCore: true } as const
const SLOW_DISK = { syncMs: 20 } as const
const LITTLE_MEMORY = { memoryMiB: 256 } as const

const CASES: readonly { readonly machine: string; readonly limits: MachineLimits }[] = [
  { machine: 'one core', limits: ONE_CORE },
  { machine: 'a disk of 20 ms a sync', limits: SLOW_DISK },
  { machine: '256 MiB for each process', limits: LITTLE_MEMORY },
  { machine: 'one core, 256 MiB, a disk of 20 ms', limits: { ...ONE_CORE, ...SLOW_DISK, ...LITTLE_MEMORY } },
]
/** Clients that wait for their answers, and how many orders they place. */
const BUSY = [
  { clients: 64, orders: 1_000 },
  { clients: 256, orders: 2_000 },
]
/** More than a front end lets stand: it has to refuse some all the time. */
const OVERLOAD = { clients: 1_400, orders: 3_000 }

/** Trades, ever harder; returns all acknowledged orders. Throws when an answer is wrong. */
async function trade(cluster: Cluster): Promise<readonly OrderData[]> {
  const acknowledged: OrderData[] = []
  for (const { clients, orders } of [...BUSY, OVERLOAD]) {
    const trading = load(cluster, { clients, probability: 1 })
    await trading.untilAcknowledged(orders)
    const report = await trading.stop()
    expect(report.wrong).toEqual([])
    // Nobody loses a connection. With few clients nobody is refused before the front end's patience is over.
    if (clients === OVERLOAD.clients) expect(report.errors.filter(({ status }) => status !== 503)).toEqual([])
    else lateAnswers(report)
    acknowledged.push(...report.acknowledged)
  }
  return acknowledged
}

/** Lines of the logs that say that a process was taken for dead, or that leadership changed. */
function judgements(cluster: Cluster): string[] {
  const names = [...cluster.pids.keys()]
  const lines = names.flatMap((name) => readFileSync(join(cluster.dataDir, 'logs', `${name}.log`), 'utf8').split('\n'))
  return lines.filter((line) => /"msg":"(elected|replica is gone|follower dropped|leads no more)"/.test(line))
}

test.for(CASES)('$machine: orders are placed, nobody is elected, and all copies are whole', async ({ limits }, { skip }) => {
  if (process.platform !== 'linux') return skip('only Linux tells the memory of each process in /proc')
  const machine = smallMachine(limits, folder)
  if ('why' in machine) return skip(machine.why)
  await inOneTry(async () => {
    await using cluster = await startCluster(machine)
    await wholeAgain(cluster)
    const pids = cluster.pids
    const before = new Set(judgements(cluster))

    const acknowledged = await trade(cluster)
    expect(cluster.pids, 'no process has ended').toEqual(pids)
    const unfounded = judgements(cluster).filter((line) => !before.has(line))
    if (limits.memoryMiB !== undefined) {
      const tooLarge = [...pids].map(([name, pid]) => ({ name, mib: peakMemoryMiB(pid) })).filter(({ mib }) => mib > limits.memoryMiB!)
      expect(tooLarge).toEqual([])
    }
    await checkEndState(cluster, acknowledged)
    const verifying = new CliProcess(['verify', '--data', cluster.dataDir])
    expect(await verifying.exited, verifying.output).toMatchObject({ code: 0 })
    return unfounded
  })
})
