import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { Random } from './random.ts'

/** The world of one process: all of it but the network, see wire/runtime.ts. */
export interface ProcessRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Process facts for status. */
  usage(): ProcessUsage
  /** Ends the process because going on would be wrong (a failed disk). Does not return control to the caller's work. */
  halt(reason: Error): void
}

export interface ProcessUsage {
  readonly pid: number
  readonly uptimeMs: number
  readonly memoryBytes: number
  /** User and system time since start. */
  readonly cpuMicroseconds: number
}
