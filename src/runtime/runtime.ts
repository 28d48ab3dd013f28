import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'

/** The outside world, as a service sees it. */
export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
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
