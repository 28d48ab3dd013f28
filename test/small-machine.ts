import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { compileFailingDisk } from './nemesis/failing-disk.ts'

/** Limits for the processes of a system. A member that is left out limits nothing. */
export interface MachineLimits {
  /** All processes share one core. */
  readonly oneCore?: boolean
  /** Each sync takes so many milliseconds longer. */
  readonly syncMs?: number
  /**
   * Memory of each process, in MiB. About half of it is for the heap, as in a container of that size. A program cannot limit
   * the rest without rights of its own: a limit on addresses counts what V8 only reserves. So whoever starts the processes
   * looks at {@link peakMemoryMiB}.
   */
  readonly memoryMiB?: number
}

/** How a program is started on such a machine. */
export interface SmallMachine {
  /** Stands in front of the program and its words. */
  readonly prefix: readonly string[]
  /** Goes into the environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** Makes what is needed in `folder`, which has to stay; returns how to start programs, or why this cannot be done here. */
export function smallMachine(limits: MachineLimits, folder: string): SmallMachine | { readonly why: string } {
  const { oneCore = false, syncMs, memoryMiB } = limits
  if (oneCore && !hasTaskset()) return { why: 'there is no taskset, which only Linux has (Debian: apt install util-linux)' }
  const disk = syncMs === undefined ? undefined : compileFailingDisk(folder)
  if (disk && 'why' in disk) return disk
  return {
    prefix: oneCore ? ['taskset', '--cpu-list', firstCore()] : [],
    environment: {
      ...(disk && { LD_PRELOAD: disk.library, NEMESIS_SYNC_MS: String(syncMs) }),
      // An older Node, which may run the launcher, takes no --max-heap-size from there.
      ...(memoryMiB !== undefined && { NODE_OPTIONS: `--max-old-space-size=${Math.floor(memoryMiB / 2)} --max-semi-space-size=2` }),
    },
  }
}

/** The most memory that a process has had resident so far, files that it has mapped included; in MiB. Linux only. */
export function peakMemoryMiB(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new Error(`the kernel does not tell the memory of process ${pid}`)
  return Number(kib) / 1024
}

/** A container may have been given other cores than those from 0 on. */
function firstCore(): string {
  return /^Cpus_allowed_list:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
