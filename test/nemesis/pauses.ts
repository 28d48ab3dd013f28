/** Measures for how long no order gets through when a process is killed or stopped under load, in a system that `up` runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { StatusData } from '../../src/http/types.ts'
import { endClustersOnSignals, LONG_LIFE_MS, startCluster, type Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { eventually } from '../fault/process.ts'
import { kinds, positive } from './options.ts'
import { Trading } from './trading.ts'

const STOPPED_FOR_MS = 1_500
const CALM_MS = 400
const DEADLINE_MS = 120_000

interface Disturbance {
  readonly target: (cluster: Cluster) => Promise<string>
  readonly signal: 'SIGKILL' | 'SIGSTOP'
  readonly calmMs: number
}

const leader = (cluster: Cluster): Promise<string> => cluster.leader()
const follower = async (cluster: Cluster): Promise<string> => (await cluster.followers())[0]!
const catalogue = (): Promise<string> => Promise.resolve('catalogue')

const CASES: Readonly<Record<string, Disturbance>> = {
  'kill-leader': { target: leader, signal: 'SIGKILL', calmMs: CALM_MS },
  'stop-leader': { target: leader, signal: 'SIGSTOP', calmMs: CALM_MS },
  'kill-follower': { target: follower, signal: 'SIGKILL', calmMs: CALM_MS },
  'stop-follower': { target: follower, signal: 'SIGSTOP', calmMs: CALM_MS },
  'kill-catalogue': { target: catalogue, signal: 'SIGKILL', calmMs: LONG_LIFE_MS },
}
const CASE_NAMES = Object.keys(CASES)

interface Row {
  readonly case: string
  readonly times: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Orders that got no number, after all repeats. */
  readonly failedOrders: number
}

interface Options {
  readonly kills: number
  readonly clients: number
  readonly cases?: readonly string[]
  readonly json?: boolean
}

/** Disturbs a system of its own so many times. Throws when an acknowledged order is lost or wrong. */
async function measure(name: string, { kills, clients }: Options): Promise<Row> {
  await using cluster = await startCluster()
  const trading = new Trading(cluster.frontEnd, clients)
  const gaps: number[] = []
  for (let time = 1; time <= kills; time++) {
    await eventually('all replicas follow', DEADLINE_MS, () => isCalm(cluster))
    await sleep(CASES[name]!.calmMs)
    gaps.push(await disturb(cluster, trading, CASES[name]!))
    process.stderr.write(`${name} ${time}/${kills}: ${Math.round(gaps.at(-1)!)} ms\n`)
  }
  await trading.stop()
  await checkEndState(cluster, trading.acknowledged)
  const sorted = gaps.toSorted((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.ceil(part * sorted.length) - 1]!)
  const failedOrders = trading.failed.length
  return { case: name, times: kills, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), failedOrders }
}

/** Disturbs a system. Returns the longest time without an acknowledgement, once all is as before. */
async function disturb(cluster: Cluster, trading: Trading, { target, signal }: Disturbance): Promise<number> {
  const name = await target(cluster)
  const pid = cluster.pid(name)
  const sinceMs = performance.now()
  process.kill(pid, signal)
  const gapMs = await trading.longestGapMs(sinceMs, DEADLINE_MS)
  if (signal === 'SIGKILL') await cluster.restartedSince(name, pid)
  else {
    await sleep(Math.max(0, sinceMs + STOPPED_FOR_MS - performance.now()))
    process.kill(pid, 'SIGCONT')
  }
  return gapMs
}

/** Resolves with true when one replica leads and the other two are in-sync. */
async function isCalm(cluster: Cluster): Promise<true | undefined> {
  const { replicas, catalogue } = dataOf<StatusData>(await ask(cluster.frontEnd, '/status'))
  const roles = replicas.map((replica) => (replica.reachable ? replica.role : 'away')).toSorted()
  const followers = replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
  const inSync = followers.length === 2 && followers.every(({ state }) => state === 'in-sync')
  return (catalogue.reachable && inSync && roles.join() === 'follower,follower,leader') || undefined
}

async function run(options: Options): Promise<void> {
  const rows: Row[] = []
  for (const name of options.cases ?? CASE_NAMES) rows.push(await measure(name, options))
  if (rows.some(({ failedOrders }) => failedOrders > 0)) process.exitCode = 1
  if (options.json) return console.log(JSON.stringify({ clients: options.clients, rows }))
  console.log(line('case', ['times', 'p50 ms', 'p99 ms', 'max ms', 'failed']))
  for (const { case: name, times, p50Ms, p99Ms, maxMs, failedOrders } of rows) {
    console.log(line(name, [times, p50Ms, p99Ms, maxMs, failedOrders]))
  }
}

const line = (name: string, cells: readonly (string | number)[]): string =>
  name.padEnd(16) + cells.map((cell) => String(cell).padStart(8)).join('')

const HELP = `
Cases: ${CASE_NAMES.join(', ')}
A stopped process goes on after ${STOPPED_FOR_MS} ms, a killed one is started again by \`up\`.
Exit codes: 0 measured, 1 an order was lost, wrong or failed for good, 2 called
wrongly, 130 interrupted.

Examples:
  node test/nemesis/pauses.ts
  node test/nemesis/pauses.ts --kills 100 --cases kill-leader --json`

endClustersOnSignals()
await new Command('pauses')
  .description('Measures the longest time without any acknowledged order after a process was killed or stopped.')
  .option('--kills <n>', 'how often each', positive, 50)
  .option('--clients <n>', 'clients that place orders without pause', positive, 8)
  .option('--cases <list>', 'separated by commas (default: all)', kinds(CASE_NAMES))
  .option('--json', 'the table as JSON')
  .addHelpText('after', HELP)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync()
process.exit() // Kept connections of gRPC clients would hold it.
