/** What a long history costs: starts, recoveries, synchronization, and CPU and memory while trading, against a short one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { StatusData } from '../../src/http/types.ts'
import { Cluster, endClustersOnSignals } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { eventually } from '../fault/process.ts'
import { positive } from '../nemesis/options.ts'
import { Trading } from '../nemesis/trading.ts'
import { writeHistory } from './history.ts'

const SHORT_HISTORY = 1_000
const DEADLINE_MS = 300_000
/** `up` waits longer and longer for a process that dies again within 10 s. */
const LONG_LIFE_MS = 10_500
const ACKNOWLEDGEMENTS_AFTER = 50

interface Options {
  readonly orders: number
  readonly clients: number
  readonly seconds: number
  readonly json?: boolean
}

/** CPU and memory of one process while orders come. */
interface Cost {
  readonly cpuPerOrderUs: number
  readonly memoryMb: number
}

interface Figures {
  readonly orders: number
  readonly startMs: number
  readonly ordersPerSecond: number
  readonly costs: Readonly<Record<string, Cost>>
}

const statusOf = async (cluster: Cluster) => dataOf<StatusData>(await ask(cluster.frontEnd, '/status'))

const tell = (what: string): void => void process.stderr.write(`${what}\n`)

/** A system with so many orders already; tells how long it took until it traded. */
async function begin(orders: number): Promise<{ cluster: Cluster; startMs: number }> {
  const cluster = new Cluster({ replicas: 3, caching: true, frontEnds: 1, words: [], environment: {} })
  try {
    await writeHistory(cluster.dataDir, orders, (what) => tell(`${orders} orders: ${what}`))
    const since = performance.now()
    await cluster.start()
    return { cluster, startMs: performance.now() - since }
  } catch (error) {
    await cluster.stop().catch(() => {}) // What went wrong first is what counts.
    throw error
  }
}

async function trade(cluster: Cluster, orders: number, startMs: number, { clients, seconds }: Options): Promise<Figures> {
  const trading = new Trading(cluster.frontEnd, clients)
  await sleep(3_000)
  const before = await statusOf(cluster)
  const [count, since] = [trading.acknowledged.length, performance.now()]
  await sleep(seconds * 1_000)
  const after = await statusOf(cluster)
  const traded = trading.acknowledged.length - count
  const ordersPerSecond = (traded / (performance.now() - since)) * 1_000
  await trading.stop()
  return { orders, startMs, ordersPerSecond, costs: costsOf(before, after, traded) }
}

function costsOf(before: StatusData, after: StatusData, traded: number): Record<string, Cost> {
  const members = (status: StatusData) =>
    [status.catalogue, ...status.replicas, status.frontEnd].flatMap((member) => (member.reachable ? [member] : []))
  const followers = ['a follower', 'the other follower']
  return Object.fromEntries(
    members(after).map((member) => {
      const earlier = members(before).find(({ name }) => name === member.name)?.cpuMicroseconds ?? 0
      const role = 'followers' in member ? (member.role === 'leader' ? 'leader' : followers.shift()!) : member.name
      return [role, { cpuPerOrderUs: (member.cpuMicroseconds - earlier) / traded, memoryMb: member.memoryBytes / 1e6 }]
    }),
  )
}

/** SIGKILL of the catalogue while clients trade: the longest time without an acknowledgement. */
async function killCatalogue(cluster: Cluster, trading: Trading, beforehand = (): void => {}): Promise<number> {
  await sleep(LONG_LIFE_MS)
  const pid = cluster.pid('catalogue')
  const since = performance.now()
  beforehand()
  process.kill(pid, 'SIGKILL')
  return trading.longestGapMs(since, ACKNOWLEDGEMENTS_AFTER, DEADLINE_MS)
}

/** A follower loses its disk while clients trade: how long until it holds everything again, and how trading fared. */
async function loseReplica(cluster: Cluster, trading: Trading) {
  await sleep(LONG_LIFE_MS)
  const rateFrom = (count: number, since: number) => ((trading.acknowledged.length - count) / (performance.now() - since)) * 1_000
  let [count, since] = [trading.acknowledged.length, performance.now()]
  await sleep(5_000)
  const rateBefore = rateFrom(count, since)

  const name = (await cluster.followers())[0]!
  const id = Number(name.slice('order-'.length))
  writeFileSync(join(cluster.dataDir, `order${id}.db.damaged`), 'put aside by hand\n')
  const pid = cluster.kill(name)
  ;[count, since] = [trading.acknowledged.length, performance.now()]
  await cluster.restartedSince(name, pid)
  let begun: { readonly length: number; readonly atMs: number } | undefined
  const length = await eventually(`${name} is in sync`, DEADLINE_MS, async () => {
    const { replicas } = await statusOf(cluster)
    const address = cluster.replicas.find((replica) => replica.id === id)?.address
    const views = replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
    const view = views.find((each) => each.address === address)
    if (view?.state === 'learner') begun ??= { length: view.length, atMs: performance.now() }
    return view?.state === 'in-sync' ? view.length : undefined
  })
  const ms = performance.now() - since
  const { length: from, atMs } = begun ?? { length: 0, atMs: since }
  return { ms, entriesPerSecond: ((length - from) / (performance.now() - atMs)) * 1_000, tradingKept: rateFrom(count, since) / rateBefore }
}

async function run(options: Options): Promise<void> {
  const { orders, clients } = options
  const short = await begin(SHORT_HISTORY)
  const few = await trade(short.cluster, SHORT_HISTORY, short.startMs, options).finally(() => short.cluster.stop())
  const { cluster, startMs } = await begin(orders)
  try {
    const many = await trade(cluster, orders, startMs, options)
    const trading = new Trading(cluster.frontEnd, clients)
    const catalogueMs = await killCatalogue(cluster, trading)
    const replica = await loseReplica(cluster, trading)
    const ledgerMs = await killCatalogue(cluster, trading, () =>
      writeFileSync(join(cluster.dataDir, 'catalog.db.damaged'), 'put aside by hand\n'),
    )
    await trading.stop()
    report(few, many, { catalogueMs, replica, ledgerMs, failedOrders: trading.failed.length }, options.json)
  } finally {
    await cluster.stop()
  }
}

interface Recoveries {
  readonly catalogueMs: number
  readonly replica: { readonly ms: number; readonly entriesPerSecond: number; readonly tradingKept: number }
  readonly ledgerMs: number
  readonly failedOrders: number
}

function report(few: Figures, many: Figures, recoveries: Recoveries, json = false): void {
  if (json) return console.log(JSON.stringify({ few, many, recoveries }))
  const { catalogueMs, replica, ledgerMs, failedOrders } = recoveries
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const row = (what: string, ...cells: string[]) => console.log(what.padEnd(44) + cells.map((cell) => cell.padStart(14)).join(''))
  row('', `${few.orders} orders`, `${many.orders} orders`, 'ratio')
  row('all processes started, trading', seconds(few.startMs), seconds(many.startMs), ratio(many.startMs, few.startMs))
  row('orders/s', ...[few, many].map((each) => each.ordersPerSecond.toFixed(0)), ratio(many.ordersPerSecond, few.ordersPerSecond))
  for (const [name, cost] of Object.entries(many.costs)) {
    const earlier = few.costs[name]
    if (!earlier) continue
    const [cpu, memory] = [ratio(cost.cpuPerOrderUs, earlier.cpuPerOrderUs), ratio(cost.memoryMb, earlier.memoryMb)]
    row(`${name}: CPU per order, us`, earlier.cpuPerOrderUs.toFixed(0), cost.cpuPerOrderUs.toFixed(0), cpu)
    row(`${name}: memory, MB`, earlier.memoryMb.toFixed(0), cost.memoryMb.toFixed(0), memory)
  }
  console.log(`catalogue killed: trading again after ${seconds(catalogueMs)}`)
  console.log(
    `a follower's disk lost: all there again after ${seconds(replica.ms)}, ${Math.round(replica.entriesPerSecond)} entries/s once it was up; ` +
      `meanwhile trading kept ${(100 * replica.tradingKept).toFixed(0)} % of its rate`,
  )
  console.log(`the ledger's disk lost: trading again after ${seconds(ledgerMs)}`)
  console.log(`orders that failed for good: ${failedOrders}`)
}

const ratio = (one: number, other: number): string => (one / other).toFixed(2)

endClustersOnSignals()
await new Command('large')
  .description('Measures what a long history costs, against a short one, and how long it takes to recover from losses.')
  .option('--orders <n>', 'how long the history is', positive, 1_000_000)
  .option('--clients <n>', 'clients that place orders without pause', positive, 32)
  .option('--seconds <n>', 'how long CPU and memory are measured', positive, 10)
  .option('--json', 'the figures as JSON')
  .addHelpText('after', '\nExamples:\n  npm run large\n  npm run large -- --orders 5000000 --json')
  .action(run)
  .parseAsync()
process.exit() // Kept connections would hold it.
