import type { ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { ControlledProcess } from '../../http/control.ts'
import { sleep, type Clock, type Timer } from '../../runtime/clock.ts'
import { SERVING } from '../../runtime/lifecycle.ts'
import { wordsOf } from '../failure.ts'
import { afterDeath, NO_DEATHS, type BackOff } from './back-off.ts'
import type { LogFile } from './log-file.ts'
import type { ProcessPlan } from './plan.ts'
import { birthOf, isStopped } from './process-identity.ts'
import type { ProcessState } from './state-file.ts'

/**
 * The user hears of a process that has died so many times in a row for one reason, and again after every
 * `COMPLAIN_AGAIN_EVERY` deaths.
 */
const COMPLAIN_AFTER = 3
const COMPLAIN_AGAIN_EVERY = 20
/** How long a signal to stop or to go on may take to show, and how often it is looked for. */
const SHOWS_WITHIN_MS = 1_000
const SHOWS_LOOK_EVERY_MS = 5

export type ProcessEvent =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number; readonly restarts: number }
  | {
      readonly kind: 'died'
      readonly name: string
      /** null when the process could not even be started. */
      readonly pid: number | null
      readonly how: string
      readonly signal: string | null
      readonly code: number | null
      readonly livedMs: number
      readonly delayMs: number
    }
  /** Somebody has stopped the process by a signal, or has let it go on. */
  | { readonly kind: 'paused' | 'resumed'; readonly name: string; readonly pid: number }
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
  | {
      readonly kind: 'running'
      readonly child: ChildProcess
      readonly sinceMs: number
      readonly bornAt: string | null
      /** True once the process has said that it serves. */
      readonly serves: boolean
      readonly paused: boolean
    }
  | { readonly kind: 'waiting'; readonly timer: Timer }
  | { readonly kind: 'ended' }

type Running = Extract<Phase, { kind: 'running' }>

/** How a process ended, or why it could not be started. */
interface End {
  readonly how: string
  readonly signal: string | null
  readonly code: number | null
}

/** One process that is started again whenever it ends, until it is told to stop. */
export class KeptProcess {
  readonly plan: ProcessPlan
  readonly #options: KeptProcessOptions
  #phase: Phase = { kind: 'ended' }
  /** When the process came into its present state, by the wall clock. */
  #stateSinceMs: number
  #lastExit: ControlledProcess['lastExit'] = null
  /** How long the process is to be down after its present life. */
  #downForMs = 0
  /** Ends a pause that was asked for with an end. */
  #wake: Timer | undefined
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
    this.#stateSinceMs = options.clock.wallMs()
  }

  get state(): ProcessState {
    const { name, address, args } = this.plan
    const { pid = null, bornAt = null } = this.#phase.kind === 'running' ? { pid: this.#phase.child.pid, bornAt: this.#phase.bornAt } : {}
    return { name, address, pid, bornAt, restarts: Math.max(0, this.#starts - 1), args }
  }

  /** Returns how the process is at this moment. */
  get controlled(): ControlledProcess {
    this.look()
    const { name, pid, restarts } = this.state
    return { name, pid, state: this.#controlledState, restarts, lastExit: this.#lastExit, sinceMs: this.#stateSinceMs }
  }

  get #controlledState(): ControlledProcess['state'] {
    if (this.#phase.kind !== 'running') return this.#phase.kind === 'waiting' ? 'backing-off' : 'stopped'
    if (this.#phase.paused) return 'paused'
    return this.#phase.serves ? 'running' : 'starting'
  }

  /** Looks whether the process was paused or resumed, which anybody may do by a signal, and tells of it. */
  look(): void {
    if (this.#phase.kind !== 'running') return
    const { child, paused } = this.#phase
    const { pid } = child
    const now = pid === undefined ? undefined : isStopped(pid)
    if (pid !== undefined && now !== undefined && now !== paused) this.#nowPaused(this.#phase, pid, now)
  }

  #nowPaused(phase: Running, pid: number, paused: boolean): void {
    const { clock, plan, tell } = this.#options
    this.#phase = { ...phase, paused }
    this.#stateSinceMs = clock.wallMs()
    if (!paused) this.#wake?.cancel()
    tell({ kind: paused ? 'paused' : 'resumed', name: plan.name, pid })
  }

  /** Starts the process. When that cannot be done, for lack of room or descriptors, it is tried again as after a death. */
  start(): void {
    this.#starts += 1
    try {
      this.#run()
    } catch (error) {
      this.#startAgain({ how: wordsOf(error), signal: null, code: null }, 0, null)
    }
  }

  #run(): void {
    const { plan, clock, tell, obstacle } = this.#options
    const why = obstacle()
    if (why !== undefined) throw new Error(why)
    const child = this.#spawn(this.#openLog())
    const bornAt = child.pid === undefined ? null : (birthOf(child.pid) ?? null)
    this.#phase = { kind: 'running', child, sinceMs: clock.monotonicMs(), bornAt, serves: false, paused: false }
    this.#stateSinceMs = clock.wallMs()
    // A process that cannot even be started reports an error and no exit.
    child.once('error', ({ message }) => child.pid === undefined && this.#died(child, { how: message, signal: null, code: null }))
    child.once('exit', (code, signal) =>
      this.#died(child, { how: signal ? `killed by ${signal}` : `exit code ${code}`, signal, code: signal ? null : code }),
    )
    child.on('message', (message) => message === SERVING && this.#nowServes(child))
    child.channel?.unref() // A listener for messages would keep this process from ending.
    if (child.pid !== undefined) tell({ kind: 'started', name: plan.name, pid: child.pid, restarts: this.#starts - 1 })
  }

  #nowServes(child: ChildProcess): void {
    if (this.#phase.kind !== 'running' || this.#phase.child !== child) return
    this.#phase = { ...this.#phase, serves: true }
    if (!this.#phase.paused) this.#stateSinceMs = this.#options.clock.wallMs()
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

  /** Kills the process, and keeps it down for `forMs` at least. Returns its pid, or undefined when it does not run. */
  crash(forMs = 0): number | undefined {
    if (this.#phase.kind !== 'running') return undefined
    this.#downForMs = forMs
    this.#phase.child.kill('SIGKILL')
    return this.#phase.child.pid
  }

  /** Asks the process to end, so that it is started again. A paused process goes on first. Returns as {@link crash} does. */
  restart(): number | undefined {
    if (this.#phase.kind !== 'running') return undefined
    this.#phase.child.kill('SIGTERM')
    this.#phase.child.kill('SIGCONT')
    return this.#phase.child.pid
  }

  /** Stops the process until {@link resume}, or for `forMs`. Returns as {@link crash} does, once the process is stopped. */
  async pause(forMs?: number): Promise<number | undefined> {
    const pid = await this.#signalPaused('SIGSTOP', true)
    this.#wake?.cancel()
    if (pid !== undefined && forMs !== undefined) this.#wake = this.#options.clock.after(forMs, () => void this.resume())
    return pid
  }

  /** Lets a paused process go on. Returns as {@link crash} does, once the process goes on. */
  resume(): Promise<number | undefined> {
    this.#wake?.cancel()
    return this.#signalPaused('SIGCONT', false)
  }

  async #signalPaused(signal: NodeJS.Signals, paused: boolean): Promise<number | undefined> {
    const { clock } = this.#options
    if (this.#phase.kind !== 'running') return undefined
    const { child } = this.#phase
    const { pid } = child
    if (pid === undefined) return undefined
    child.kill(signal)
    const giveUpAtMs = clock.monotonicMs() + SHOWS_WITHIN_MS
    while (this.#phase.kind === 'running' && this.#phase.child === child && this.#phase.paused !== paused) {
      // Where the system does not tell, the signal is taken for its effect.
      if (isStopped(pid) === undefined) this.#nowPaused(this.#phase, pid, paused)
      else this.look()
      if (clock.monotonicMs() >= giveUpAtMs) break
      await sleep(clock, SHOWS_LOOK_EVERY_MS)
    }
    return pid
  }

  /** Ends the restarts. A paused process goes on, so that it can end and others do not wait for it. */
  release(): void {
    this.#keep = false
    this.#wake?.cancel()
    if (this.#phase.kind === 'running') this.#phase.child.kill('SIGCONT')
    if (this.#phase.kind !== 'waiting') return
    this.#phase.timer.cancel()
    this.#end()
  }

  #end(): void {
    this.#phase = { kind: 'ended' }
    this.#stateSinceMs = this.#options.clock.wallMs()
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

  #died(child: ChildProcess, end: End): void {
    if (this.#phase.kind !== 'running' || this.#phase.child !== child) return
    const { clock } = this.#options
    const livedMs = clock.monotonicMs() - this.#phase.sinceMs
    this.#wake?.cancel()
    this.#lastExit = { signal: end.signal, code: end.code, atMs: clock.wallMs() }
    if (this.#keep) return this.#startAgain(end, livedMs, child.pid ?? null)
    this.#end()
    this.#over.resolve()
  }

  #startAgain(end: End, livedMs: number, pid: number | null): void {
    const { clock, plan, tell } = this.#options
    const { next, delayMs: backOffMs } = afterDeath(this.#backOff, livedMs)
    const delayMs = Math.max(backOffMs, this.#downForMs)
    this.#downForMs = 0
    this.#backOff = next
    this.#phase = { kind: 'waiting', timer: clock.after(delayMs, () => this.start()) }
    this.#stateSinceMs = clock.wallMs()
    tell({ kind: 'died', name: plan.name, pid, ...end, livedMs, delayMs })
    this.#complain(end.how)
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
