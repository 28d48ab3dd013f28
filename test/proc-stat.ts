import { readFileSync } from 'node:fs'

/**
 * Returns the fields of /proc/PID/stat from the state on. They follow the command's name, which may hold spaces itself; see
 * proc(5). Undefined when there is no such process, or the system is not Linux.
 */
export function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
