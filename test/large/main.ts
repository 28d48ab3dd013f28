/** What a long history costs: starts, recoveries, synchronization, and CPU and memory while trading, against a short one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { StatusData } from '../../src/http/types.ts'
import { Cluster, endClustersOnSignals } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
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

/**
 * Starts a system with so many orders, measures it under load, and ends it. Throws when an acknowledged order is lost or
 * wrong, whatever was taken away from the system meanwhile.
 */
async function withTrading<T>(
  orders: number,
  clients: number,
  measure: (cluster: Cluster, trading: Trading, startMs: number) => Promise<T>,
): Promise<{ measured: T; failedOrders: number }> {
  const { cluster, startMs } = await begin(orders)
  try {
    const trading = new Trading(cluster.frontEnd, clients, DEADLINE_MS) // A ledger of millions is rebuilt for minutes.
    const measured = await measure(cluster, trading, startMs)
    await trading.stop()
    await checkEndState(cluster, trading.acknowledged)
    return { measured, failedOrders: trading.failed.length }
  } finally {
    await cluster.stop()
  }
}

/** How far everything was at one time. */
interface Moment {
  readonly atMs: number
  readonly acknowledged: number
  readonly status: StatusData
}

async function momentOf(cluster: Cluster, trading: Trading): Promise<Moment> {
  const status = await statusOf(cluster)
  return { atMs: performance.now(), acknowledged: trading.acknowledged.length, status }
}

/** What happened from one moment to another. */
function between(one: Moment, other: Moment) {
  const [ms, traded] = [other.atMs - one.atMs, other.acknowledged - one.acknowledged]
  const cpuUs = cpuUsed(one.status, other.status).reduce((sum, each) => sum + each.cpuUs, 0)
  return { ms, traded, ordersPerSecond: (traded / ms) * 1_000, cpuUs }
}

async function trade(cluster: Cluster, trading: Trading, seconds: number): Promise<Omit<Figures, 'orders' | 'startMs'>> {
  await sleep(3_000)
  const before = await momentOf(cluster, trading)
  await sleep(seconds * 1_000)
  const after = await momentOf(cluster, trading)
  const { traded, ordersPerSecond } = between(before, after)
  return { ordersPerSecond, costs: costsOf(before.status, after.status, traded) }
}

const membersOf = ({ catalogue, replicas, frontEnd }: StatusData) =>
  [catalogue, ...replicas, frontEnd].flatMap((member) => (member.reachable ? [member] : []))

/** What each process has used between the two, one that was started meanwhile since its start. */
function cpuUsed(before: StatusData, after: StatusData) {
  const earlier = new Map(membersOf(before).map(({ pid, cpuMicroseconds }) => [pid, cpuMicroseconds]))
  return membersOf(after).map((member) => ({ member, cpuUs: member.cpuMicroseconds - (earlier.get(member.pid) ?? 0) }))
}

function costsOf(before: StatusData, after: StatusData, traded: number): Record<string, Cost> {
  const followers = ['a follower', 'the other follower']
  return Object.fromEntries(
    cpuUsed(before, after).map(({ member, cpuUs }) => {
      const role = 'followers' in member ? (member.role === 'leader' ? 'leader' : followers.shift()!) : member.name
      return [role, { cpuPerOrderUs: cpuUs / traded, memoryMb: member.memoryBytes / 1e6 }]
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
async function loseReplica(cluster: Cluster, trading: Trading): Promise<LostReplica> {
  await sleep(LONG_LIFE_MS)
  const name = (await cluster.followers())[0]!
  const id = Number(name.slice('order-'.length))
  const address = cluster.replicas.find((replica) => replica.id === id)?.address
  const calm = await momentOf(cluster, trading)
  await sleep(5_000)

  const lost = await momentOf(cluster, trading)
  writeFileSync(join(cluster.dataDir, `order${id}.db.damaged`), 'put aside by hand\n')
  const pid = cluster.kill(name)
  await cluster.restartedSince(name, pid)
  let begun: (Moment & { readonly length: number }) | undefined
  const done = await eventually(`${name} is in sync`, DEADLINE_MS, async () => {
    const moment = await momentOf(cluster, trading)
    const views = moment.status.replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
    const view = views.find((each) => each.address === address)
    if (view?.state === 'learner') begun ??= { ...moment, length: view.length }
    return view?.state === 'in-sync' ? { ...moment, length: view.length } : undefined
  })
  const { ms, ordersPerSecond } = between(lost, done)
  const before = between(calm, lost)
  const kept = { ms, tradingKept: ordersPerSecond / before.ordersPerSecond }
  if (!begun) return { ...kept, entriesPerSecond: null, cpuPerEntryUs: null }
  const [entries, meanwhile] = [done.length - begun.length, between(begun, done)]
  const cpuUs = meanwhile.cpuUs - meanwhile.traded * (before.cpuUs / before.traded)
  return { ...kept, entriesPerSecond: (entries / meanwhile.ms) * 1_000, cpuPerEntryUs: cpuUs / entries }
}

async function run({ orders, clients, seconds, json }: Options): Promise<void> {
  const few = await withTrading(SHORT_HISTORY, clients, async (cluster, trading, startMs): Promise<Figures> => {
    return { orders: SHORT_HISTORY, startMs, ...(await trade(cluster, trading, seconds)) }
  })
  const many = await withTrading(orders, clients, async (cluster, trading, startMs) => {
    const figures: Figures = { orders, startMs, ...(await trade(cluster, trading, seconds)) }
    const catalogueMs = await killCatalogue(cluster, trading)
    const replica = await loseReplica(cluster, trading)
    const ledgerMs = await killCatalogue(cluster, trading, () =>
      writeFileSync(join(cluster.dataDir, 'catalog.db.damaged'), 'put aside by hand\n'),
    )
    return { figures, recoveries: { catalogueMs, replica, ledgerMs } }
  })
  const failedOrders = few.failedOrders + many.failedOrders
  report(few.measured, many.measured.figures, { ...many.measured.recoveries, failedOrders }, json)
  if (failedOrders > 0) process.exitCode = 1
}

/** What is null could not be measured: nobody saw the replica being sent what it lacks. */
interface LostReplica {
  readonly ms: number
  readonly entriesPerSecond: number | null
  /** Of all processes, beyond what the orders cost that were traded meanwhile. */
  readonly cpuPerEntryUs: number | null
  readonly tradingKept: number
}

interface Recoveries {
  readonly catalogueMs: number
  readonly replica: LostReplica
  readonly ledgerMs: number
  /** Of both systems, from begin to end. */
  readonly failedOrders: number
}

function report(few: Figures, many: Figures, recoveries: Recoveries, json = false): void {
  if (json) return console.log(JSON.stringify({ few, many, recoveries }))
  const { catalogueMs, replica, ledgerMs, failedOrders } = recoveries
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const row = (what: string, ...cells: string[]) => console.log(what.padEnd(44) + cells.map((cell) => cell.padStart(14)).join(''))
  console.log('One run of each: only a second one tells how much of a difference is chance.')
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
    `a follower's disk lost: all there again after ${seconds(replica.ms)}, ${figure(replica.entriesPerSecond)} entries/s ` +
      `once it was up; meanwhile trading kept ${(100 * replica.tradingKept).toFixed(0)} % of its rate`,
  )
  console.log(`CPU of all processes per entry that it was sent, without that of trading: ${figure(replica.cpuPerEntryUs)} us`)
  console.log(`the ledger's disk lost: trading again after ${seconds(ledgerMs)}`)
  console.log(`orders that failed for good: ${failedOrders}`)
}

/** A dash for what could not be measured. */
const figure = (value: number | null): string => value?.toFixed(0) ?? '-'

const ratio = (one: number, other: number): string => (one / other).toFixed(2)

const HELP = `
Exit codes: 0 measured, 1 an order was lost, wrong or failed for good, 2 called
wrongly, 130 interrupted.

Examples:
  npm run large
  npm run large -- --orders 5000000 --json`

endClustersOnSignals()
await new Command('large')
  .description('Measures what a long history costs, against a short one, and how long it takes to recover from losses.')
  .option('--orders <n>', 'how long the history is', positive, 1_000_000)
  .option('--clients <n>', 'clients that place orders without pause', positive, 32)
  .option('--seconds <n>', 'how long CPU and memory are measured', positive, 10)
  .option('--json', 'the figures as JSON')
  .addHelpText('after', HELP)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync()
process.exit() // Kept connections would hold it.
