import type { Entry } from '../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import { entriesBetween } from '../src/storage/pages.ts'
import { checkHistory } from '../test/checkers/check-history.ts'
import { describe, type Operation } from '../test/checkers/history.ts'
import { Browser } from './browsers.ts'
import { CacheChecks } from './cache-checks.ts'
import { Client } from './clients.ts'
import { Cluster } from './cluster.ts'
import { SimStorageFailure } from './disk.ts'
import { DurableChecks } from './durable-checks.ts'
import { FAULT_MIXES, type FaultMix } from './fault-mixes.ts'
import { GenerationChecks } from './generation-checks.ts'
import { LatenessChecks } from './lateness-checks.ts'
import { LedgerChecks } from './ledger-checks.ts'
import { healAll, Nemesis } from './nemesis.ts'
import { Neighbour } from './neighbour.ts'
import { SimNetwork } from './network.ts'
import { onlyOf } from './network-observer.ts'
import { Lulls } from './lulls.ts'
import type { World } from './world.ts'
import { QueueChecks } from './queue-checks.ts'
import { ReadableChecks } from './readable-checks.ts'
import { SimRandom } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { applyLimits, settingsOf, type RunSettings } from './settings.ts'
import { SettledChecks } from './settled-checks.ts'
import type { Stage } from './stage.ts'
import { Stranger } from './strangers.ts'

const FAULTS_MIN_MS = 4_000
const FAULTS_MAX_MS = 9_000
/** How much longer the faults last with lulls. */
const WITH_LULLS_MS = 9_000
/** How long clients go on after everything is healed. */
const HEALTHY_MS = 1_200
/** Invariant 13, for the last requests. */
const ANSWERED_WITHIN_MS = 5_500
/** Invariant 13, from the healing on. */
const SETTLED_WITHIN_MS = 10_000
const SETTLED_POLL_MS = 50
/** How long a settled cluster is watched. It has to stay settled. */
const QUIET_MS = 1_000
/** With lulls it has to stay so until all that rests does. A lease lapses a second later, when nobody looks anything up. */
const RESTING_MS = 4_000
const CRASHED_RESTART_MS = 100
/** How long a cluster may take to start. */
const STARTED_AFTER_MS = 2_500
const PAUSE_MAX_MS = 2_000
const QUIET_END_MAX_MS = 2_500
const CLIENTS = 6
const BROWSERS = 2
const UNKNOWN = { kind: 'unknown' } as const
const CLOCK_RATE_MIN = 0.98
const CLOCK_RATE_MAX = 1.02

/** The result of one run. */
export interface RunResult {
  readonly seed: number
  readonly mix: string
  readonly events: number
  readonly operations: readonly Operation[]
  readonly log: readonly Entry[]
  readonly violations: readonly string[]
  readonly trace: readonly string[]
}

/** Runs the real services through one seed's faults, then heals everything, and checks that all comes right. */
export async function simulate(seed: number, options: { readonly keepTrace: boolean }): Promise<RunResult> {
  const run = new Run(seed, options.keepTrace)
  process.on('unhandledRejection', run.onRejection)
  try {
    await run.endureFaults()
    await run.comeRight()
    return await run.judge()
  } finally {
    process.off('unhandledRejection', run.onRejection)
  }
}

/** Returns the mix of faults of a seed. A seed decides it first of all. */
export const mixOf = (seed: number): FaultMix => pickMix(new SimRandom(seed))

const pickMix = (random: SimRandom): FaultMix => random.pick(FAULT_MIXES)

class Run {
  readonly #seed: number
  readonly #scheduler = new Scheduler()
  readonly #random: SimRandom
  readonly #trace: string[] = []
  readonly #violations: string[] = []
  readonly #mix: FaultMix
  readonly #settings: RunSettings
  readonly #world: World
  readonly #cluster: Cluster
  readonly #checks: DurableChecks
  readonly #ledgerChecks: LedgerChecks
  readonly #settled: SettledChecks
  readonly #stage: Stage
  readonly #operations: Operation[] = []
  #neighbour: Neighbour | undefined
  readonly #lulls: Lulls | undefined
  readonly #callers: readonly (Client | Browser | Stranger)[]

  constructor(seed: number, keepTrace: boolean) {
    this.#seed = seed
    this.#random = new SimRandom(seed)
    this.#mix = pickMix(this.#random)
    this.#settings = settingsOf(this.#random, this.#mix)
    applyLimits(this.#settings)
    this.#world = this.#newWorld(keepTrace)
    this.#world.trace(() => `mix "${this.#mix.name}", ${JSON.stringify(this.#settings)}`)
    const { network } = this.#world
    const violated = (what: string) => this.#violated(what)
    this.#cluster = new Cluster(this.#world, this.#settings, {
      afterWrite: (process) => {
        this.#checks.afterWrite(process)
        this.#ledgerChecks.afterWrite(process)
        generations.afterWrite(process)
      },
      frontEndStarted: (frontEnd) => caches.watch(frontEnd),
    })
    this.#checks = new DurableChecks(this.#cluster, network, violated)
    this.#ledgerChecks = new LedgerChecks(this.#cluster, () => this.#checks.published, this.#settings.strangers, violated)
    const generations = new GenerationChecks(this.#cluster, violated)
    const caches = new CacheChecks(this.#cluster, () => this.#checks.published, violated)
    const checks = [
      this.#checks,
      this.#ledgerChecks,
      generations,
      caches,
      new QueueChecks(this.#cluster, violated),
      new LatenessChecks(this.#mix, violated),
    ]
    network.observers.push(...checks.map((each) => onlyOf(this.#cluster.processes, each)))
    this.#settled = new SettledChecks(this.#cluster, network, this.#settings)
    const readable = new ReadableChecks(this.#world, this.#cluster, () => this.#checks.published, violated)
    this.#lulls = this.#settings.lulls ? new Lulls(this.#world) : undefined
    this.#stage = {
      lullMs: () => this.#lullMs(),
      world: this.#world,
      cluster: this.#cluster,
      readable,
      holdsAllShown: (replicas) => this.#checks.holdsAllShown(replicas),
      hush: () => {
        for (const caller of this.#callers) caller.stop()
      },
      neighbour: () => this.#neighbour,
      moveIn: (vacancy) => {
        this.#neighbour = new Neighbour(this.#world, vacancy, violated)
      },
    }
    this.#startAll()
    this.#callers = this.#newCallers()
  }

  /** Called for a rejected promise that nobody handles. It would end a real process. Only a broken disk may do that. */
  readonly onRejection = (reason: unknown): void => {
    if (reason instanceof SimStorageFailure) reason.life.runtime.halt(reason)
    else this.#violated(`a rejection is not handled: ${stackOf(reason)}`)
  }

  async endureFaults(): Promise<void> {
    const nemesis = new Nemesis(this.#stage, this.#mix)
    const endsAt = this.#random.between(FAULTS_MIN_MS, FAULTS_MAX_MS) + (this.#lulls ? WITH_LULLS_MS : 0)
    if (this.#settings.quietEnd) {
      await this.#runUntil(endsAt - this.#random.next() * QUIET_END_MAX_MS)
      for (const caller of this.#callers) caller.stop()
    }
    await this.#runUntil(endsAt)
    nemesis.stop()
    this.#lulls?.stop()
  }

  /** 13 and 14: every request is answered, the cluster is whole again and stays so, and no process holds more than it needs. */
  async comeRight(): Promise<void> {
    healAll(this.#stage)
    const healedAt = this.#scheduler.nowMs
    const settledBy = this.#scheduler.nowMs + SETTLED_WITHIN_MS
    await this.#runUntil(this.#scheduler.nowMs + HEALTHY_MS)
    for (const caller of this.#callers) caller.stop()
    const answeredBy = this.#scheduler.nowMs + ANSWERED_WITHIN_MS
    const answered = await this.#runUntil(answeredBy, () => this.#callers.every((caller) => !caller.busy))
    if (!answered) this.#violated('13: a request is not answered within 5 s of the healing')
    for (;;) {
      const why = (await this.#settled.unsettled()) ?? (await this.#neighbour?.unsettled(healedAt))
      if (why === undefined || this.#isOver) break
      if (this.#scheduler.nowMs >= settledBy) {
        return this.#violated(`13: not whole within 10 s of the healing: ${why}; ${this.#checks.lengths()}`)
      }
      await this.#runUntil(this.#scheduler.nowMs + SETTLED_POLL_MS)
    }
    this.#neighbour?.stop()
    await this.#runUntil(this.#scheduler.nowMs + (this.#lulls ? RESTING_MS : QUIET_MS))
    if (this.#isOver) return
    const why = (await this.#settled.unsettled()) ?? (await this.#neighbour?.unsettled(healedAt))
    if (why !== undefined) this.#violated(`13: whole, but not for long: ${why}`)
    const held = await this.#settled.unbounded()
    if (held !== undefined) this.#violated(`14: ${held}`)
  }

  async judge(): Promise<RunResult> {
    const { ledger } = this.#cluster
    const log = ledger ? await entriesBetween(ledger, 0, ledger.head().length) : []
    // When a run was broken off, calls have no answer, and copies differ.
    if (!this.#isOver) this.#checkHistory(log)
    return {
      seed: this.#seed,
      mix: this.#mix.name,
      events: this.#scheduler.events,
      operations: this.#operations,
      log,
      violations: this.#violations,
      trace: this.#trace,
    }
  }

  #lullMs(): number {
    return this.#lulls?.leftMs ?? 0
  }

  get #isOver(): boolean {
    return this.#violations.length > 0
  }

  /** Runs until `done` returns true or the time is over. Resolves with true in the first case. */
  #runUntil(untilMs: number, done: () => boolean = () => false): Promise<boolean> {
    return this.#scheduler.run(() => this.#isOver || done(), untilMs)
  }

  #violated(what: string): void {
    this.#world.trace(`VIOLATION ${what}`)
    this.#violations.push(what)
  }

  #newWorld(keepTrace: boolean): World {
    const scheduler = this.#scheduler
    scheduler.onThrow = (error) => this.#violated(`an exception is not caught: ${stackOf(error)}`)
    return {
      scheduler,
      random: this.#random,
      network: new SimNetwork(scheduler, this.#random),
      trace: (line) => {
        if (!keepTrace) return
        this.#trace.push(`${scheduler.nowMs.toFixed(3).padStart(10)} ${typeof line === 'string' ? line : line()}`)
      },
    }
  }

  /** Starts all processes in any order. A process that ends by itself is started again, as by a supervisor. */
  #startAll(): void {
    const { processes } = this.#cluster
    for (const process of processes) {
      process.setClock({
        rate: this.#random.between(CLOCK_RATE_MIN, CLOCK_RATE_MAX),
        wallOffsetMs: this.#random.between(-1_000, 1_000),
        monotonicStartMs: this.#random.int(1e9),
      })
      this.#scheduler.after(this.#random.next() * 300, () => process.start())
    }
    const look = () => {
      for (const process of [...processes, ...(this.#neighbour?.processes ?? [])]) {
        if (!process.life && this.#random.chance(0.3)) process.start()
      }
      this.#scheduler.after(CRASHED_RESTART_MS, look)
    }
    this.#scheduler.after(1_000, look)
  }

  #newCallers(): (Client | Browser | Stranger)[] {
    const options = {
      ordersShare: this.#settings.ordersShare,
      waits: true,
      lullMs: () => this.#lullMs(),
      madeKeys: new Set<string>(),
      heard: { number: 0 },
      repeatsAnswered: !this.#mix.losesLedger,
      mayLoseUncopied: this.#mix.losesLedger === true,
      record: (operation: Operation) => this.#operations.push(operation),
      shown: (number: number, byReplica: boolean) => this.#checks.shown(number, byReplica),
      ledger: this.#ledgerChecks,
      violated: (what: string) => this.#violated(what),
    }
    const { frontEnds } = this.#cluster
    const clients = Array.from({ length: CLIENTS }, (_, i) => {
      // Each of the first clients keeps to one front end.
      return new Client(this.#world, i + 1, frontEnds, { ...options, waits: i >= frontEnds.length })
    })
    const strangers = this.#settings.strangers ? [new Stranger(this.#world, 1, this.#cluster, options)] : []
    const browsers = Array.from({ length: BROWSERS }, (_, i) => new Browser(this.#world, i + 1, frontEnds, options))
    return [...clients, ...browsers, ...strangers]
  }

  #checkHistory(log: readonly Entry[]): void {
    if (this.#mix.unnoticed) this.#checkUnnoticed()
    const keys = new Set(log.map(({ key }) => key))
    const history = this.#operations.map((call) => (this.#isForgotten(call, keys) ? { ...call, end: Infinity, outcome: UNKNOWN } : call))
    const verdict = checkHistory(history, log, OPENING_CATALOGUE)
    if (!verdict.ok) for (const { rule, explanation } of verdict.violations) this.#violated(`history: ${rule}: ${explanation}`)
  }

  /** Says whether a rejection was lost with the catalogue's disk. A copy of the order that was on its way is then decided anew. */
  #isForgotten({ kind, outcome, start, ...call }: Operation, keysInLog: ReadonlySet<string>): boolean {
    const wasRejected = kind === 'place' && outcome.kind === 'rejected' && start <= this.#cluster.ledgerHurtAt
    return wasRejected && 'key' in call && keysInLog.has(call.key)
  }

  /** Checks that clients notice nothing but a short pause, under faults of which this is promised. */
  #checkUnnoticed(): void {
    for (const operation of this.#operations) {
      if (operation.start < STARTED_AFTER_MS) continue
      const pause = operation.end - operation.start
      if (operation.outcome.kind === 'unknown' || pause > PAUSE_MAX_MS) {
        return this.#violated(`a client notices more than a pause: ${describe(operation)}`)
      }
    }
  }
}

const stackOf = (reason: unknown): string => (reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
