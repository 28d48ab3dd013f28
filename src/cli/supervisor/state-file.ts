import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a running `up` tells other commands about itself, in <data>/up.json. */
export interface UpState {
  readonly pid: number
  readonly startedAt: string
  /** "host:port" */
  readonly frontEnd: string
  readonly processes: readonly ProcessState[]
}

export interface ProcessState {
  readonly name: string
  readonly address: string
  /** null while it is not running. */
  readonly pid: number | null
  /** How often it was started again. */
  readonly restarts: number
  /** Arguments of its command line, by which it is told from a stranger with the same pid. */
  readonly args: readonly string[]
}

const pathIn = (data: string): string => join(data, 'up.json')

/** Replaces the file in one step: a reader sees the old state or the new one. */
export function writeUpState(data: string, state: UpState): void {
  const path = pathIn(data)
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

export function removeUpState(data: string): void {
  rmSync(pathIn(data), { force: true })
}

/** The state that stands in the folder, whether its writer still lives or not. */
export function readUpState(data: string): UpState | undefined {
  try {
    return JSON.parse(readFileSync(pathIn(data), 'utf8')) as UpState
  } catch {
    return undefined
  }
}

/** The state of the system that runs on this folder. */
export function readRunningState(data: string): UpState | undefined {
  const state = readUpState(data)
  return state && isAlive(state.pid) ? state : undefined
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether the pid still belongs to that process and not to a stranger. Never so on Windows, which has no command for it. */
export const isStill = ({ pid, args }: ProcessState): boolean =>
  pid !== null && isAlive(pid) && commandOf(pid).endsWith(`bazaar.js ${args.join(' ')}`)

function commandOf(pid: number): string {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'command=', '-p', `${pid}`], { encoding: 'utf8' }).trim()
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
