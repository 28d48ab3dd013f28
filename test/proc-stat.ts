import { readFileSync } from 'node:fs'

/**
 * What Linux tells of a process in one line, from its state on: the fields behind the command's name, which may hold
 * spaces itself. See proc(5). Undefined when there is no such process, or no Linux.
 */
export function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
