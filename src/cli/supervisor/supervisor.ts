import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { SUPERVISED_VARIABLE } from '../../runtime/lifecycle.ts'
import { KeptProcess, type ProcessEvent, type Spawn } from './kept-process.ts'
import { LogFile } from './log-file.ts'
import type { ProcessPlan } from './plan.ts'
import type { ProcessState } from './state-file.ts'

const STOP_GRACE_MS = 8_000
const ROTATION_CHECK_MS = 5_000
const LAUNCHER = fileURLToPath(new URL('../../../bin/bazaar.js', import.meta.url))

export interface SupervisorOptions {
  readonly plans: readonly ProcessPlan[]
  /** Existing folder for <name>.log. */
  readonly logFolder: string
  readonly clock: Clock
  readonly tell: (event: ProcessEvent) => void
  /** Starts a process; by default with this command line's own launcher. */
  readonly spawn?: Spawn
  /** Returns why nothing may be started at the moment, or undefined. It is called before every start. */
  readonly obstacle?: () => string | undefined
}

/**
 * Keeps the processes of one system alive.
 *
 * U1. A process that dies is started again, with a back-off, until `stop` or `kill`.
 * U2. No process outlives this one: each holds a channel to it and ends when the channel closes.
 */
export class Supervisor {
  readonly #kept: readonly KeptProcess[]
  readonly #logs: readonly LogFile[]
  readonly #clock: Clock
  readonly #tell: (event: ProcessEvent) => void
  /** By path: why the log could not be cut the last time. */
  readonly #logTroubles = new Map<string, string | undefined>()
  #rotation: Timer | undefined

  constructor({ plans, logFolder, clock, tell, spawn: start = startSupervised, obstacle = () => undefined }: SupervisorOptions) {
    this.#clock = clock
    this.#tell = tell
    this.#logs = plans.map((plan) => new LogFile(join(logFolder, `${plan.name}.log`), plan.name))
    this.#kept = plans.map((plan, at) => new KeptProcess({ plan, log: this.#logs[at]!, clock, tell, spawn: start, obstacle }))
  }

  start(): void {
    for (const kept of this.#kept) kept.start()
    this.#rotation = this.#clock.every(ROTATION_CHECK_MS, () => this.#rotateLogs())
  }

  /** Rotates logs that are large. Reports once why a log cannot be rotated. */
  #rotateLogs(): void {
    for (const log of this.#logs) {
      const why = log.rotateWhenLarge()
      const isNew = why !== this.#logTroubles.get(log.path)
      this.#logTroubles.set(log.path, why)
      if (isNew && why !== undefined) this.#tell({ kind: 'log-trouble', name: log.name, why, logPath: log.path })
    }
  }

  states(): readonly ProcessState[] {
    return this.#kept.map((kept) => kept.state)
  }

  /** All processes, in starting order. */
  get kept(): readonly KeptProcess[] {
    return this.#kept
  }

  /** Stops the processes stage by stage. Resolves when all are gone. */
  async stop(): Promise<void> {
    this.#rotation?.cancel()
    for (const kept of this.#kept) kept.release()
    const stages = new Set(this.#kept.map((kept) => kept.plan.stopStage))
    for (const stage of [...stages].sort((a, b) => a - b)) {
      const members = this.#kept.filter((kept) => kept.plan.stopStage === stage)
      await Promise.all(members.map((kept) => kept.stop(STOP_GRACE_MS)))
    }
  }

  /** Kills everything at once. Does not wait, so that it can run while the process exits. */
  kill(): void {
    this.#rotation?.cancel()
    for (const kept of this.#kept) kept.kill()
  }
}

/**
 * Starts a process in a group of its own. So Ctrl-C in the terminal reaches the supervisor alone, which then stops the others
 * in order.
 */
function startSupervised(plan: ProcessPlan, output: number | 'ignore'): ChildProcess {
  const child = spawn(process.execPath, [LAUNCHER, ...plan.args], {
    stdio: ['ignore', output, output, 'ipc'], // U2
    detached: true,
    windowsHide: true,
    env: { ...process.env, [SUPERVISED_VARIABLE]: '1' },
  })
  child.channel?.unref()
  return child
}
