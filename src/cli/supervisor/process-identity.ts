import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process as it was when somebody wrote it down. A pid alone may belong to another process by now. */
export interface KnownProcess {
  readonly pid: number
  /** See {@link birthOf}. */
  readonly bornAt: string
}

/** Places of fields in /proc/<pid>/stat, counted after the command, which may hold any characters: see proc(5). */
const STATE_FIELD = 0
const START_TIME_FIELD = 19

/** Says whether the process that was written down still runs: it has the same pid, and was started at the same moment. */
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
 * Returns when the process was started, in the system's own terms, which are good for comparing only. Returns undefined when
 * the process has ended or cannot be seen. Windows has no command for it: there all processes get the same answer.
 */
export function birthOf(pid: number): string | undefined {
  try {
    if (process.platform === 'win32') return 'unknown'
    if (process.platform !== 'linux') return ps(pid, 'lstart')
    const fields = statFields(pid)
    const state = fields[STATE_FIELD] ?? 'X'
    return 'ZX'.includes(state) ? undefined : fields[START_TIME_FIELD]
  } catch {
    return undefined
  }
}

/** Says whether a signal has stopped the process. Returns undefined when the process has ended, and on systems without /proc. */
export function isStopped(pid: number): boolean | undefined {
  try {
    return statFields(pid)[STATE_FIELD] === 'T'
  } catch {
    return undefined
  }
}

function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Returns the command line of a process, words separated by blanks. Returns '' when it cannot be known, as always on Windows. */
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
