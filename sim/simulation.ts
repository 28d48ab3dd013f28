import type { Entry } from '../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import { checkHistory } from '../test/checkers/check-history.ts'
import { describe, type Operation } from '../test/checkers/history.ts'
import { Client } from './clients.ts'
import { Cluster } from './cluster.ts'
import { FAULT_MIXES, healAll, Nemesis } from './nemesis.ts'
import { SimNetwork } from './network.ts'
import type { World } from './process.ts'
import { SeededRandom } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { DurableChecks } from './durable-checks.ts'

const FAULTS_MIN_MS = 4_000
const FAULTS_MAX_MS = 10_000
/** Invariant 13: after everything is healed. */
const ANSWERED_WITHIN_MS = 5_500
const IN_SYNC_WITHIN_MS = 10_000
const CRASHED_RESTART_MS = 100
/** A cluster that has just been started may take this long. */
const STARTED_AFTER_MS = 2_500
const PAUSE_MAX_MS = 2_000

/** What became of one run. */
export interface RunResult {
  readonly seed: number
  readonly mix: string
  readonly events: number
  readonly operations: readonly Operation[]
  readonly log: readonly Entry[]
  readonly violations: readonly string[]
  readonly trace: readonly string[]
}

/** Runs the real services through one seed's faults, then heals everything and sees whether all comes right. */
export async function simulate(seed: number, options: { readonly keepTrace: boolean }): Promise<RunResult> {
  const scheduler = new Scheduler()
  const random = new SeededRandom(seed)
  const trace: string[] = []
  const violations: string[] = []
  const world: World = {
    scheduler,
    random,
    network: new SimNetwork(scheduler, random),
    trace: (line) => {
      if (options.keepTrace) trace.push(`${scheduler.nowMs.toFixed(3).padStart(10)} ${line}`)
    },
  }
  const violated = (what: string) => {
    world.trace(`VIOLATION ${what}`)
    violations.push(what)
  }
  const mix = random.pick(FAULT_MIXES)
  const cluster: Cluster = new Cluster(world, {
    replicas: 3,
    frontEnds: 2,
    cacheStocksMax: 5,
    afterWrite: (process) => checks.afterWrite(process),
  })
  const checks = new DurableChecks(cluster, violated)
  const operations: Operation[] = []
  for (const process of cluster.processes) {
    process.setClock(random.between(0.98, 1.02), random.between(-1_000, 1_000))
    scheduler.after(random.next() * 300, () => process.start())
  }
  keepRunning(world, cluster)
  checks.watch(world.network)
  const clientOptions = {
    repeatsAnswered: !mix.losesLedger,
    record: (operation: Operation) => operations.push(operation),
    shown: (number: number) => checks.shown(number),
  }
  const clients = Array.from({ length: 4 }, (_, i) => new Client(world, i + 1, cluster.frontEnds, clientOptions))

  const nemesis = new Nemesis(world, cluster, mix)
  await scheduler.run(() => violations.length > 0, random.between(FAULTS_MIN_MS, FAULTS_MAX_MS))
  nemesis.stop()
  healAll(world, cluster)
  const healedAt = scheduler.nowMs
  await scheduler.run(() => violations.length > 0, healedAt + 1_500)
  for (const client of clients) client.stop()
  const answered = () => clients.every((client) => !client.busy)
  if (!(await scheduler.run(() => violations.length > 0 || answered(), healedAt + 1_500 + ANSWERED_WITHIN_MS))) {
    violated('13: a request is not answered within 5 s of the healing')
  }
  if (!(await scheduler.run(() => violations.length > 0 || cluster.inSync(), healedAt + IN_SYNC_WITHIN_MS + 1_500))) {
    violated(`13: replicas are not in sync within 10 s of the healing: ${checks.lengths()}`)
  }
  const log = (await cluster.ledger?.entries(0, Number.MAX_SAFE_INTEGER)) ?? []
  if (mix.unnoticed) checkUnnoticed(operations, violated)
  const verdict = checkHistory(operations, log, OPENING_CATALOGUE)
  if (!verdict.ok) for (const { rule, explanation } of verdict.violations) violated(`history: ${rule}: ${explanation}`)
  return { seed, mix: mix.name, events: scheduler.events, operations, log, violations, trace }
}

/** Under some faults clients may notice nothing but a short pause. */
function checkUnnoticed(operations: readonly Operation[], violated: (what: string) => void): void {
  for (const operation of operations) {
    if (operation.start < STARTED_AFTER_MS) continue
    const pause = operation.end - operation.start
    if (operation.outcome.kind === 'unknown' || pause > PAUSE_MAX_MS) {
      return violated(`a client notices more than a pause: ${describe(operation)}`)
    }
  }
}

/** The supervisor: what has ended by itself is started again. */
function keepRunning(world: World, cluster: Cluster): void {
  const look = () => {
    for (const process of cluster.processes) {
      if (!process.life && world.random.chance(0.3)) process.start()
    }
    world.scheduler.after(CRASHED_RESTART_MS, look)
  }
  world.scheduler.after(1_000, look)
}
