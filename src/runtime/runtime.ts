import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { Random } from './random.ts'

/** The world of one process without the network, which wire/runtime.ts adds. */
export interface ProcessRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Process facts for status. */
  usage(): ProcessUsage
  /** Ends the process because to continue would be wrong (a failed disk). The caller's work does not continue. */
  halt(reason: Error): void
}

export interface ProcessUsage {
  readonly pid: number
  readonly uptimeMs: number
  readonly memoryBytes: number
  /** User and system time since start. */
  readonly cpuMicroseconds: number
}
