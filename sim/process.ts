import { AwakeTime } from '../src/runtime/awake-time.ts'
import type { Clock, Timer } from '../src/runtime/clock.ts'
import type { Logger } from '../src/runtime/logger.ts'
import type { Network } from '../src/wire/network.ts'
import type { Runtime } from '../src/wire/runtime.ts'
import type { SimRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** The time at which the wall clocks of the simulation start. */
const WALL_START_MS = Date.UTC(2026, 0, 1)

/** The surroundings of a process. */
export interface Surroundings {
  readonly scheduler: Scheduler
  readonly random: SimRandom
  readonly network: {
    /** Returns the network as one life of a process sees it. */
    for(life: Life): Network
    /** Called when an address does not even refuse connections from now on. */
    vanished(address: string): void
    /** Called when something runs at the address again. */
    returned(address: string): void
  }
  /** Adds a line to the transcript. A function is called for the line only when somebody reads the transcript. */
  trace(line: string | (() => string)): void
}

/** How one machine's clocks differ from the world's. */
export interface ClockSkew {
  /** How fast the clock runs. 1 is exact. */
  readonly rate: number
  readonly wallOffsetMs: number
  /** The time of the monotonic clock when the world begins. */
  readonly monotonicStartMs: number
}

/**
 * One simulated process, over all its lives. A life (incarnation) has a runtime of its own. When the life ends, nothing that
 * it still does reaches the world.
 */
export class SimProcess {
  readonly name: string
  readonly address: string
  readonly world: Surroundings
  #life: Life | undefined
  #lives = 0
  readonly #boot: (runtime: Runtime, life: Life) => Promise<void>
  #rate = 1
  #wallOffsetMs = 0
  #monotonicStartMs = 0
  #retired = false

  constructor(world: Surroundings, name: string, address: string, boot: (runtime: Runtime, life: Life) => Promise<void>) {
    this.world = world
    this.name = name
    this.address = address
    this.#boot = boot
  }

  get life(): Life | undefined {
    return this.#life
  }

  /** True for a process that does not come back until it is {@link readmit}ted. */
  get retired(): boolean {
    return this.#retired
  }

  setClock({ rate, wallOffsetMs, monotonicStartMs }: ClockSkew): void {
    this.#rate = rate
    this.#wallOffsetMs = wallOffsetMs
    this.#monotonicStartMs = monotonicStartMs
  }

  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  wallMs(): number {
    return Math.round(WALL_START_MS + this.world.scheduler.nowMs * this.#rate + this.#wallOffsetMs)
  }

  monotonicMs(): number {
    return this.#monotonicStartMs + this.world.scheduler.nowMs * this.#rate
  }

  /** Returns the real milliseconds of a duration by this process's clock. */
  real(durationMs: number): number {
    return durationMs / this.#rate
  }

  start(): void {
    if (this.#life || this.#retired) return
    this.#lives += 1
    this.world.network.returned(this.address)
    const life = new Life(this)
    this.#life = life
    this.world.trace(`${this.name} starts (life ${this.#lives})`)
    this.#boot(life.runtime, life).catch((error: unknown) => {
      if (life.alive) this.crash(`could not start: ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  /** Ends the life as `kill -9` does. */
  crash(why: string): void {
    const life = this.#life
    if (!life) return
    this.world.trace(`${this.name} ends: ${why}`)
    this.#life = undefined
    life.end()
  }

  /** Takes the machine away from one moment to the next. No connection is reset, and nobody answers there. */
  vanish(): void {
    this.#life?.vanish()
    this.world.network.vanished(this.address)
    this.crash('the machine vanishes')
  }

  retire(): void {
    this.#retired = true
    this.crash('for good')
  }

  readmit(): void {
    this.#retired = false
    this.start()
  }
}

/** One life of a process. */
export class Life {
  readonly process: SimProcess
  readonly runtime: Runtime
  /** When the life began, in simulated time. */
  readonly startedAt: number
  #alive = true
  #pausedAt: number | undefined
  readonly #pauses: { readonly from: number; readonly to: number }[] = []
  #vanished = false
  /** The number of callbacks that its clock owes it. */
  #timers = 0
  #awake: AwakeTime | undefined
  /** Events that came while the process stood still. */
  readonly #backlog: { readonly run: () => void; readonly isTimer: boolean }[] = []
  /** How late each step may come at most. */
  #lateMaxMs = 0
  /** When the last late step comes. */
  #lastStepAt = 0
  readonly #onEnd = new Set<() => void>()

  constructor(process: SimProcess) {
    this.process = process
    this.startedAt = process.world.scheduler.nowMs
    const { world, name } = process
    this.runtime = {
      clock: this.#clock(),
      random: world.random,
      network: world.network.for(this),
      log: tracer(this),
      usage: () => ({ pid: 1, uptimeMs: 0, memoryBytes: 0, cpuMicroseconds: 0 }),
      halt: (reason) => {
        if (this.#alive) process.crash(`${name} halts: ${reason.message}`)
      },
    }
  }

  get alive(): boolean {
    return this.#alive
  }
  get paused(): boolean {
    return this.#pausedAt !== undefined
  }
  /** True when the connections of this life were not reset when it ended. */
  get isVanished(): boolean {
    return this.#vanished
  }
  /** Says whether the process has run without a pause since `time`. */
  hasRunSince(time: number): boolean {
    return this.#alive && !this.paused && this.#pauses.every(({ to }) => to <= time)
  }
  /** Returns for how long the process has run since `time`, without its pauses. */
  ranSince(time: number): number {
    const { nowMs } = this.process.world.scheduler
    const pauses = this.#pausedAt === undefined ? this.#pauses : [...this.#pauses, { from: this.#pausedAt, to: nowMs }]
    return pauses.reduce((left, { from, to }) => left - Math.max(0, to - Math.max(time, from)), nowMs - time)
  }
  get timers(): number {
    return this.#timers
  }

  /**
   * Runs `run`, unless the life is over. While the process is paused or gets few turns, `run` runs later. Everything that
   * reaches a process comes through here.
   */
  enter(run: () => void, isTimer = false): void {
    const { scheduler, random } = this.process.world
    if (!this.#alive) return
    const lateMs = this.#lateMaxMs > 0 ? random.next() * this.#lateMaxMs : 0
    const at = Math.max(this.#lastStepAt, scheduler.nowMs + lateMs)
    if (at <= scheduler.nowMs) return this.#step(run, isTimer)
    this.#lastStepAt = at
    scheduler.after(at - scheduler.nowMs, () => this.#step(run, isTimer))
  }

  #step(run: () => void, isTimer: boolean): void {
    if (!this.#alive) return
    if (this.paused) this.#backlog.push({ run, isTimer })
    else run()
  }

  /** Makes every step come up to so much late, in order, as when other programs use the processor. 0 takes that back. */
  slowDown(lateMaxMs: number): void {
    this.#lateMaxMs = lateMaxMs
  }

  pause(): void {
    this.#pausedAt ??= this.process.world.scheduler.nowMs
  }

  /**
   * Goes on, and takes all events that came meanwhile, each as an event of its own. As in an event loop that stood still, its
   * own late timers come first, and then the messages of others, in order.
   */
  resume(): void {
    const { scheduler } = this.process.world
    if (this.#pausedAt !== undefined) this.#pauses.push({ from: this.#pausedAt, to: scheduler.nowMs })
    this.#pausedAt = undefined
    const waiting = this.#backlog.splice(0)
    const inTurn = [...waiting.filter(({ isTimer }) => isTimer), ...waiting.filter(({ isTimer }) => !isTimer)]
    for (const { run, isTimer } of inTurn) scheduler.after(0, () => this.enter(run, isTimer))
  }

  /** Calls `run` when the life ends. Returns a function that takes this back. */
  onEnd(run: () => void): () => void {
    this.#onEnd.add(run)
    return () => this.#onEnd.delete(run)
  }

  vanish(): void {
    this.#vanished = true
  }

  end(): void {
    this.#alive = false
    this.#backlog.length = 0
    for (const run of this.#onEnd) run()
    this.#onEnd.clear()
  }

  #awakeTime(): AwakeTime {
    const after = (delayMs: number, run: () => void) => this.#after(delayMs, run)
    return (this.#awake ??= new AwakeTime(() => this.process.monotonicMs(), after))
  }

  #clock(): Clock {
    const { process } = this
    return {
      wallMs: () => process.wallMs(),
      monotonicMs: () => process.monotonicMs(),
      awakeMs: () => this.#awakeTime().nowMs(),
      watchAwake: () => this.#awakeTime().watch(),
      after: (delayMs, run) => this.#after(delayMs, run),
      every: (intervalMs, run) => this.#every(intervalMs, run),
      nextTurn: (run) => void this.#after(0, run),
    }
  }

  #after(delayMs: number, run: () => void): Timer {
    if (!this.#alive) return { cancel() {} }
    const { process } = this
    let pending = true
    const settle = () => {
      if (pending) this.#timers -= 1
      pending = false
    }
    // A timer came due while the process stood still. Code that runs before it can still cancel it.
    const ring = () => {
      if (!pending) return
      settle()
      run()
    }
    this.#timers += 1
    const timer = process.world.scheduler.after(process.real(delayMs), () => this.enter(ring, true))
    return {
      cancel: () => {
        settle()
        timer.cancel()
      },
    }
  }

  #every(intervalMs: number, run: () => void): Timer {
    let cancelled = false
    let timer: Timer | undefined
    const next = () => {
      timer = this.#after(intervalMs, () => {
        run()
        if (!cancelled) next()
      })
    }
    next()
    return {
      cancel: () => {
        cancelled = true
        timer?.cancel()
      },
    }
  }
}

function tracer(life: Life): Logger {
  const write = (level: string) => (fields: object, message: string) => {
    if (life.alive) life.process.world.trace(() => `${life.process.name} ${level} ${message} ${JSON.stringify(fields)}`)
  }
  return { debug() {}, info: write('info'), warn: write('warn'), error: write('ERROR') }
}
