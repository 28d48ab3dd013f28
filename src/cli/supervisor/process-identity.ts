import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process as it was when somebody wrote it down: a pid alone may be another process's by now. */
export interface KnownProcess {
  readonly pid: number
  /** See {@link birthOf}. */
  readonly bornAt: string
}

/** Fields of /proc/<pid>/stat after the command, which may hold anything: see proc(5). */
const STATE_FIELD = 0
const START_TIME_FIELD = 19

/** Whether the process that was written down still runs: the same pid, started at the same moment. */
export const isStillAlive = ({ pid, bornAt }: KnownProcess): boolean => isAlive(pid) && birthOf(pid) === bornAt

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When the process was started, in the system's own terms: good for comparing only. Undefined when it has ended or
 * cannot be seen. On Windows, which has no command for it, it is the same for all.
 */
export function birthOf(pid: number): string | undefined {
  try {
    if (process.platform === 'win32') return 'unknown'
    if (process.platform !== 'linux') return ps(pid, 'lstart')
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const state = fields[STATE_FIELD] ?? 'X'
    return 'ZX'.includes(state) ? undefined : fields[START_TIME_FIELD]
  } catch {
    return undefined
  }
}

/** Its command line, words separated by blanks; '' when that cannot be known, as always on Windows. */
export function commandOf(pid: number): string {
  try {
    if (process.platform !== 'linux') return ps(pid, 'command')
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

const ps = (pid: number, column: string): string =>
  execFileSync('ps', ['-o', `${column}=`, '-p', `${pid}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
