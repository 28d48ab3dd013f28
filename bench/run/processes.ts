import { readdirSync, readFileSync } from 'node:fs'
import { statFields } from '../../test/proc-stat.ts'

/** Figures that Linux tells in /proc. On other systems every figure is undefined. */

/** Linux counts CPU time for others in hundredths of a second, whatever its own tick is. */
const MICROSECONDS_PER_TICK = 10_000

/** Positions of figures among the fields after the command's name. */
const FIELD = { parent: 1, user: 11, system: 12, childrenUser: 13, childrenSystem: 14 } as const

/** Returns the CPU that a process and its ended children have used, in microseconds. Undefined when it is not known. */
export function cpuMicroseconds(pid: number): number | undefined {
  return sumOf(pid, [FIELD.user, FIELD.system, FIELD.childrenUser, FIELD.childrenSystem])
}

/** Returns the CPU in milliseconds, and how many waits have ended, of all threads of a process. Both are 0 on other systems. */
export function usageOf(pid: number): { readonly cpuMs: number; readonly wakeups: number } {
  const threads = namesIn(`/proc/${pid}/task`)
  const sum = (figure: (folder: string) => number) => threads.reduce((total, thread) => total + figure(`/proc/${pid}/task/${thread}`), 0)
  return {
    cpuMs: sum((folder) => Number(read(`${folder}/schedstat`)?.split(' ')[0] ?? 0) / 1e6),
    wakeups: sum((folder) => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${folder}/status`) ?? '')?.[1] ?? 0)),
  }
}

/** Returns the resident memory of a process, with the pages that it shares with others. Undefined when it is not known. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024
}

/** Returns the CPU of the ended children of this process, in microseconds. */
export function endedChildrenCpuMicroseconds(): number | undefined {
  return sumOf(process.pid, [FIELD.childrenUser, FIELD.childrenSystem])
}

/** Returns a process and all that it has started, directly or not. */
export function familyOf(pid: number): number[] {
  const parents = allPids().map((each) => ({ pid: each, parent: statFields(each)?.[FIELD.parent] }))
  const family = [pid]
  for (const member of family) {
    family.push(...parents.filter(({ parent }) => parent === String(member)).map((child) => child.pid))
  }
  return family
}

function sumOf(pid: number, positions: readonly number[]): number | undefined {
  const fields = statFields(pid)
  return fields && positions.reduce((sum, at) => sum + Number(fields[at]), 0) * MICROSECONDS_PER_TICK
}

const allPids = (): number[] => namesIn('/proc').map(Number)

/** The folders in there that are named by a number: processes or threads. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
