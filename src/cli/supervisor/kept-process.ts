import type { ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { wordsOf } from '../failure.ts'
import { afterDeath, NO_DEATHS, type BackOff } from './back-off.ts'
import type { LogFile } from './log-file.ts'
import type { ProcessPlan } from './plan.ts'
import { birthOf } from './process-identity.ts'
import type { ProcessState } from './state-file.ts'

/**
 * The user hears of a process that has died so many times in a row for one reason, and again after every
 * `COMPLAIN_AGAIN_EVERY` deaths.
 */
const COMPLAIN_AFTER = 3
const COMPLAIN_AGAIN_EVERY = 20

export type ProcessEvent =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number; readonly restarts: number }
  | {
      readonly kind: 'died'
      readonly name: string
      readonly how: string
      readonly livedMs: number
      readonly delayMs: number
    }
  /** The log cannot be written to, or cannot be cut. What the process says from now on is lost, or the file grows. */
  | { readonly kind: 'log-trouble'; readonly name: string; readonly why: string; readonly logPath: string }
  | {
      readonly kind: 'keeps-dying'
      readonly name: string
      readonly how: string
      readonly times: number
      readonly lastWords: string
      readonly logPath: string
    }

/** Starts a process with its output going to the descriptor, or nowhere. */
export type Spawn = (plan: ProcessPlan, output: number | 'ignore') => ChildProcess

export interface KeptProcessOptions {
  readonly plan: ProcessPlan
  readonly log: LogFile
  readonly clock: Clock
  readonly spawn: Spawn
  /** Returns why nothing may be started at the moment, or undefined. */
  readonly obstacle: () => string | undefined
  readonly tell: (event: ProcessEvent) => void
}

type Phase =
  | { readonly kind: 'running'; readonly child: ChildProcess; readonly sinceMs: number; readonly bornAt: string | null }
  | { readonly kind: 'waiting'; readonly timer: Timer }
  | { readonly kind: 'ended' }

/** One process that is started again whenever it ends, until it is told to stop. */
export class KeptProcess {
  readonly plan: ProcessPlan
  readonly #options: KeptProcessOptions
  #phase: Phase = { kind: 'ended' }
  #keep = true
  #starts = 0
  #backOff: BackOff = NO_DEATHS
  #reason = ''
  #sameReason = 0
  /** Resolved when the process has ended after {@link release}. */
  readonly #over = Promise.withResolvers<void>()

  constructor(options: KeptProcessOptions) {
    this.#options = options
    this.plan = options.plan
  }

  get state(): ProcessState {
    const { name, address, args } = this.plan
    const { pid = null, bornAt = null } = this.#phase.kind === 'running' ? { pid: this.#phase.child.pid, bornAt: this.#phase.bornAt } : {}
    return { name, address, pid, bornAt, restarts: Math.max(0, this.#starts - 1), args }
  }

  /** Starts the process. When that cannot be done, for lack of room or descriptors, it is tried again as after a death. */
  start(): void {
    this.#starts += 1
    try {
      this.#run()
    } catch (error) {
      this.#startAgain(wordsOf(error), 0)
    }
  }

  #run(): void {
    const { plan, clock, tell, obstacle } = this.#options
    const why = obstacle()
    if (why !== undefined) throw new Error(why)
    const child = this.#spawn(this.#openLog())
    const bornAt = child.pid === undefined ? null : (birthOf(child.pid) ?? null)
    this.#phase = { kind: 'running', child, sinceMs: clock.monotonicMs(), bornAt }
    // A process that cannot even be started reports an error and no exit.
    child.once('error', (error) => child.pid === undefined && this.#died(child, error.message))
    child.once('exit', (code, signal) => this.#died(child, signal ? `killed by ${signal}` : `exit code ${code}`))
    if (child.pid !== undefined) tell({ kind: 'started', name: plan.name, pid: child.pid, restarts: this.#starts - 1 })
  }

  /** Opens the log. A process that cannot be heard is better than none. */
  #openLog(): number | 'ignore' {
    const { plan, log, tell } = this.#options
    try {
      return log.openForRun()
    } catch (error) {
      tell({ kind: 'log-trouble', name: plan.name, why: wordsOf(error), logPath: log.path })
      return 'ignore'
    }
  }

  #spawn(output: number | 'ignore'): ChildProcess {
    try {
      return this.#options.spawn(this.plan, output)
    } finally {
      if (output !== 'ignore') closeSync(output)
    }
  }

  /** Ends the restarts. A paused process goes on, so that it can end and others do not wait for it. */
  release(): void {
    this.#keep = false
    if (this.#phase.kind === 'running') this.#phase.child.kill('SIGCONT')
    if (this.#phase.kind !== 'waiting') return
    this.#phase.timer.cancel()
    this.#phase = { kind: 'ended' }
  }

  /** Asks the process to end, and kills it after `graceMs`. Resolves when the process is gone. */
  stop(graceMs: number): Promise<void> {
    this.release()
    if (this.#phase.kind !== 'running') return Promise.resolve()
    const { child } = this.#phase
    const timer = this.#options.clock.after(graceMs, () => child.kill('SIGKILL'))
    child.kill('SIGTERM')
    child.kill('SIGCONT')
    return this.#over.promise.then(() => timer.cancel())
  }

  /** Kills the process at once. */
  kill(): void {
    this.release()
    if (this.#phase.kind === 'running') this.#phase.child.kill('SIGKILL')
  }

  #died(child: ChildProcess, how: string): void {
    if (this.#phase.kind !== 'running' || this.#phase.child !== child) return
    const livedMs = this.#options.clock.monotonicMs() - this.#phase.sinceMs
    if (this.#keep) return this.#startAgain(how, livedMs)
    this.#phase = { kind: 'ended' }
    this.#over.resolve()
  }

  #startAgain(how: string, livedMs: number): void {
    const { clock, plan, tell } = this.#options
    const { next, delayMs } = afterDeath(this.#backOff, livedMs)
    this.#backOff = next
    this.#phase = { kind: 'waiting', timer: clock.after(delayMs, () => this.start()) }
    tell({ kind: 'died', name: plan.name, how, livedMs, delayMs })
    this.#complain(how)
  }

  /**
   * Tells of a process that keeps dying for one reason. A process that was killed, or that stopped as asked, has no reason of
   * its own.
   */
  #complain(how: string): void {
    const { log, plan, tell } = this.#options
    if (how === 'killed by SIGKILL' || how === 'exit code 0') return
    const lastWords = log.lastWords()
    const reason = `${how} ${lastWords}`
    const again = reason === this.#reason && this.#backOff.deaths > 1
    this.#sameReason = again ? this.#sameReason + 1 : 1
    this.#reason = reason
    const times = this.#sameReason
    if (times !== COMPLAIN_AFTER && times % COMPLAIN_AGAIN_EVERY !== 0) return
    tell({ kind: 'keeps-dying', name: plan.name, how, times, lastWords, logPath: log.path })
  }
}
