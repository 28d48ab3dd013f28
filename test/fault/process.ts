import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { statFields } from '../proc-stat.ts'

/** Loaded into programs that are not ours, so that they also end when the channel to the test runner does. */
const ENDS_WITH_RUNNER = 'data:text/javascript,process.on("disconnect",()=>process.exit())'
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** When a wait is given up. A system that works never waits so long, however busy the machine is. */
export const HOPELESS_MS = 120_000

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface CliProcessOptions {
  /** Files and connections that it may have open, if not the system's usual number. */
  readonly descriptorsMax?: number | undefined
  /** A file of the project to run instead of the command line. */
  readonly program?: string | undefined
  /** Words in front of the program, such as `taskset --cpu-list 0`. */
  readonly prefix?: readonly string[] | undefined
}

/** One process of the command line, in a process group of its own. It ends when the test runner is killed. */
export class CliProcess {
  readonly pid: number
  /** Resolves once the process has ended and all of its output has arrived. */
  readonly exited: Promise<Exit>
  #output = ''
  #child: ChildProcess

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}, options: CliProcessOptions = {}) {
    const { PATH = '', HOME = '' } = process.env
    const { descriptorsMax, program, prefix = [] } = options
    // This is how users start it. It keeps the compiled program.
    const words = [...(program ? ['--import', ENDS_WITH_RUNNER, program] : ['bin/bazaar.js']), ...args]
    const limits = descriptorsMax === undefined ? [] : ['/bin/sh', '-c', `ulimit -n ${descriptorsMax}; exec "$0" "$@"`]
    const [file = '', ...given] = [...limits, ...prefix, process.execPath, ...words]
    this.#child = spawn(file, given, {
      cwd: REPOSITORY,
      detached: true,
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // When the channel ends, the process knows that the runner is gone.
    })
    this.#child.channel?.unref()
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    this.pid = this.#child.pid ?? 0
    this.exited = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve({ code, signal })))
  }

  /** All output so far, of both streams. */
  get output(): string {
    return this.#output
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends the process by SIGTERM. After `graceMs` it ends the whole group by SIGKILL. */
  async stop(graceMs = HOPELESS_MS): Promise<Exit | 'had to be killed'> {
    if (!this.running) return this.exited
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    const late = new AbortController()
    const exit = await Promise.race([this.exited, sleep(graceMs, undefined, { signal: late.signal })])
    late.abort()
    if (exit) return exit
    process.kill(-this.pid, 'SIGKILL')
    await this.exited
    return 'had to be killed'
  }
}

/** Returns the processes of `pids`, and of the process groups `groups`, that still run (a zombie does not). */
export function survivors(pids: Iterable<number>, groups: readonly number[]): number[] {
  if (!existsSync('/proc/self/stat')) return [...pids].filter(answersSignals)
  const wanted = new Set(pids)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => runningProcess(Number(name)))
    .filter(({ pid, group }) => wanted.has(pid) || groups.includes(group))
    .map(({ pid }) => pid)
}

function runningProcess(pid: number): { pid: number; group: number }[] {
  const [state, , group] = statFields(pid) ?? ['X'] // It ended while we looked.
  return state === 'Z' || state === 'X' ? [] : [{ pid, group: Number(group) }]
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves with the first answer that is not undefined. Throws with `what` when there is none within `deadlineMs`. */
export async function eventually<T>(what: string, deadlineMs: number, attempt: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + deadlineMs
  let problem: unknown
  while (performance.now() < deadline) {
    try {
      const result = await attempt()
      if (result !== undefined) return result
    } catch (error) {
      problem = error
    }
    await sleep(20)
  }
  throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: problem })
}

const TRIES_MAX = 5

/**
 * Repeats a check that a busy machine can spoil: that nobody is elected, or that no client waits in vain. `attempt` throws an
 * error without an excuse, and returns those that a busy machine may have caused. One of a few tries has to return none.
 */
export async function inOneTry(attempt: () => Promise<readonly unknown[]>): Promise<void> {
  const spoiled: (readonly unknown[])[] = []
  while (spoiled.length < TRIES_MAX) {
    const found = await attempt()
    if (found.length === 0) return
    spoiled.push(found)
    console.warn(`try ${spoiled.length} was spoiled: ${JSON.stringify(found)}`)
  }
  throw new Error(`in each of ${TRIES_MAX} tries: ${JSON.stringify(spoiled)}`)
}
