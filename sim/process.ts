import type { Clock, Timer } from '../src/runtime/clock.ts'
import type { Logger } from '../src/runtime/logger.ts'
import type { Runtime } from '../src/runtime/runtime.ts'
import type { SimNetwork } from './network.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** A moment of real time for the wall clocks of the simulation to start at. */
const WALL_START_MS = Date.UTC(2026, 0, 1)

/** The simulated world that processes live in. */
export interface World {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly network: SimNetwork
  trace(line: string): void
}

/**
 * One simulated process, over all its lives. A life (incarnation) has a runtime of its own; when it ends, nothing that
 * it still does reaches the world.
 */
export class SimProcess {
  readonly name: string
  readonly address: string
  readonly world: World
  #life: Life | undefined
  #lives = 0
  readonly #boot: (runtime: Runtime, life: Life) => Promise<void>
  /** Clocks do not run alike: 1 is exact. */
  #rate = 1
  #wallOffsetMs = 0

  constructor(world: World, name: string, address: string, boot: (runtime: Runtime, life: Life) => Promise<void>) {
    this.world = world
    this.name = name
    this.address = address
    this.#boot = boot
  }

  get life(): Life | undefined {
    return this.#life
  }

  setClock(rate: number, wallOffsetMs: number): void {
    this.#rate = rate
    this.#wallOffsetMs = wallOffsetMs
  }

  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  wallMs(): number {
    return Math.round(WALL_START_MS + this.world.scheduler.nowMs * this.#rate + this.#wallOffsetMs)
  }

  monotonicMs(): number {
    return this.world.scheduler.nowMs * this.#rate
  }

  /** Real milliseconds for a duration by this process's clock. */
  real(durationMs: number): number {
    return durationMs / this.#rate
  }

  start(): void {
    if (this.#life) return
    this.#lives += 1
    const life = new Life(this)
    this.#life = life
    this.world.trace(`${this.name} starts (life ${this.#lives})`)
    this.#boot(life.runtime, life).catch((error: unknown) => {
      if (life.alive) this.crash(`could not start: ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  /** kill -9 */
  crash(why: string): void {
    const life = this.#life
    if (!life) return
    this.world.trace(`${this.name} ends: ${why}`)
    this.#life = undefined
    life.end()
  }
}

/** One life of a process. */
export class Life {
  readonly process: SimProcess
  readonly runtime: Runtime
  /** Simulated time. */
  readonly startedAt: number
  #alive = true
  #paused = false
  readonly #backlog: (() => void)[] = []
  readonly #onEnd: (() => void)[] = []

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
    return this.#paused
  }

  /** Runs `run` unless the life is over; while it is paused, later. Everything that reaches a process comes through here. */
  enter(run: () => void): void {
    if (!this.#alive) return
    if (this.#paused) this.#backlog.push(run)
    else run()
  }

  pause(): void {
    this.#paused = true
  }

  /** What came in the meantime is taken in order, each as an event of its own. */
  resume(): void {
    this.#paused = false
    for (const run of this.#backlog.splice(0)) this.process.world.scheduler.after(0, () => this.enter(run))
  }

  onEnd(run: () => void): void {
    this.#onEnd.push(run)
  }

  end(): void {
    this.#alive = false
    this.#backlog.length = 0
    for (const run of this.#onEnd.splice(0)) run()
  }

  #clock(): Clock {
    const { process } = this
    const { scheduler } = process.world
    const after = (delayMs: number, run: () => void): Timer =>
      scheduler.after(process.real(delayMs), () => this.enter(run))
    return {
      wallMs: () => process.wallMs(),
      monotonicMs: () => process.monotonicMs(),
      after: (delayMs, run) => (this.#alive ? after(delayMs, run) : { cancel() {} }),
      every: (intervalMs, run) => this.#every(intervalMs, run),
      nextTurn: (run) => {
        if (this.#alive) after(0, run)
      },
    }
  }

  #every(intervalMs: number, run: () => void): Timer {
    const { process } = this
    let cancelled = false
    const tick = () => {
      if (cancelled || !this.#alive) return
      run()
      next()
    }
    const next = () => process.world.scheduler.after(process.real(intervalMs), () => this.enter(tick))
    next()
    return {
      cancel: () => {
        cancelled = true
      },
    }
  }
}

function tracer(life: Life): Logger {
  const write = (level: string) => (fields: object, message: string) => {
    if (life.alive) life.process.world.trace(`${life.process.name} ${level} ${message} ${JSON.stringify(fields)}`)
  }
  return { debug() {}, info: write('info'), warn: write('warn'), error: write('ERROR') }
}
