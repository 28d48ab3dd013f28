import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { Random } from './random.ts'

/** The outside world of one process without the network, which wire/runtime.ts adds. */
export interface ProcessRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Returns facts about the process, for the status. */
  usage(): ProcessUsage
  /** Ends the process because it must not go on, for example after a disk has failed. The caller's work does not go on. */
  halt(reason: Error): void
}

export interface ProcessUsage {
  readonly pid: number
  readonly uptimeMs: number
  readonly memoryBytes: number
  /** User and system time since start. */
  readonly cpuMicroseconds: number
}
