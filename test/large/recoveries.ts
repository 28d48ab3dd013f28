import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LONG_LIFE_MS } from '../cluster.ts'
import { eventually } from '../fault/process.ts'
import type { Trading } from '../nemesis/trading.ts'
import { DEADLINE_MS, intervalOf, type Interval, type Moment, type TradedSystem } from './system.ts'

const CALM_MS = 5_000

/** How long a system took to recover from each failure while clients traded. */
export interface Recoveries {
  /** The longest time without an acknowledgement after the catalogue was killed. */
  readonly catalogueMs: number
  /** The time from the kill of a follower until it was in-sync again. */
  readonly followerMs: number
  readonly replica: LostReplica
  /** The same after its ledger was lost, and was read from the replicas. */
  readonly ledgerMs: number
}

/** How a follower that lost its disk came back. */
export interface LostReplica {
  /** The time until it held everything again, and the part of its rate that trading kept meanwhile. */
  readonly ms: number
  readonly tradingKept: number
  /** The entries that it was sent once it was up. Null when nobody saw them being sent. */
  readonly sent: SentLog | null
}

export interface SentLog {
  readonly entries: number
  readonly ms: number
  /** CPU of all processes, without that of the orders that were traded meanwhile. */
  readonly cpuPerEntryUs: number
  readonly tradingKept: number
}

export function measureRecoveries(system: TradedSystem, clients: number, tell: (what: string) => void): Promise<Recoveries> {
  return system.whileTrading(clients, async (trading) => {
    tell('the catalogue is killed')
    const catalogueMs = await killCatalogue(system, trading)
    tell('a follower is killed')
    const followerMs = await killFollower(system, trading)
    tell('a follower loses its disk')
    const replica = await loseReplica(system, trading)
    tell('the catalogue loses its disk')
    const ledgerMs = await killCatalogue(system, trading, () => putAside(system, 'catalog.db'))
    return { catalogueMs, followerMs, replica, ledgerMs }
  })
}

async function killCatalogue({ cluster }: TradedSystem, trading: Trading, beforehand = (): void => {}): Promise<number> {
  await sleep(LONG_LIFE_MS)
  const pid = cluster.pid('catalogue')
  const since = performance.now()
  beforehand()
  process.kill(pid, 'SIGKILL')
  return trading.longestGapMs(since, DEADLINE_MS)
}

async function killFollower(system: TradedSystem, trading: Trading): Promise<number> {
  await sleep(LONG_LIFE_MS)
  const since = performance.now()
  const { inSync } = await restartFollower(system, trading, () => {})
  return inSync.atMs - since
}

async function loseReplica(system: TradedSystem, trading: Trading): Promise<LostReplica> {
  await sleep(LONG_LIFE_MS)
  const calm = await system.moment(trading)
  await sleep(CALM_MS)
  const lost = await system.moment(trading)
  const { learning, inSync } = await restartFollower(system, trading, (name) => putAside(system, `${name.replace('-', '')}.db`))
  const [before, whole] = [intervalOf(calm, lost), intervalOf(lost, inSync)]
  const sent = learning && learning.length < inSync.length ? sentBetween(learning, inSync, before) : null
  return { ms: whole.ms, tradingKept: whole.ordersPerSecond / before.ordersPerSecond, sent }
}

function sentBetween(learning: Held, inSync: Held, before: Interval): SentLog {
  const [entries, { ms, traded, cpuUs, ordersPerSecond }] = [inSync.length - learning.length, intervalOf(learning, inSync)]
  const cpuPerEntryUs = (cpuUs - traded * (before.cpuUs / before.traded)) / entries
  return { entries, ms, cpuPerEntryUs, tradingKept: ordersPerSecond / before.ordersPerSecond }
}

/** A moment, and the length of a follower's log then. */
type Held = Moment & { readonly length: number }

/** Kills a follower. Returns when its leader was first seen to send it what it lacked, if ever, and when it was in-sync. */
async function restartFollower(
  system: TradedSystem,
  trading: Trading,
  beforehand: (name: string) => void,
): Promise<{ readonly learning: Held | undefined; readonly inSync: Held }> {
  const { cluster } = system
  const name = (await cluster.followers())[0]!
  const address = cluster.replicas.find(({ id }) => name === `order-${id}`)?.address
  beforehand(name)
  await cluster.restartedSince(name, cluster.kill(name))
  let learning: Held | undefined
  const inSync = await eventually(`${name} is in sync`, DEADLINE_MS, async () => {
    const moment = await system.moment(trading)
    const views = moment.status.replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
    const view = views.find((each) => each.address === address)
    if (view?.state === 'learner') learning ??= { ...moment, length: view.length }
    return view?.state === 'in-sync' ? { ...moment, length: view.length } : undefined
  })
  return { learning, inSync }
}

/** Makes the process take its file for damaged at its next start, and begin without it. */
function putAside({ cluster }: TradedSystem, file: string): void {
  writeFileSync(join(cluster.dataDir, `${file}.damaged`), 'put aside by hand\n')
}
