/**
 * Shapes of what the control port of `bazaar up` speaks. Success is `{"data": …}`, failure `{"error": {"code", "message"}}`.
 * This file imports nothing, so that a page in a browser may use it, too.
 */

/** Everything that can be done to a process. */
export const CONTROL_ACTIONS = ['kill', 'pause', 'resume', 'restart'] as const
export type ControlAction = (typeof CONTROL_ACTIONS)[number]

/** Names that may be used in place of a process's own: whoever leads, a replica by chance, and everything. */
export const CONTROL_TARGETS = ['leader', 'random', 'all'] as const

/** The longest pause, and the longest time that a killed process is kept down: a day. */
export const CONTROL_FOR_MS_MAX = 86_400_000

/**
 * How a process is. `starting`: it runs, and does not serve yet. `backing-off`: it has ended, and is started again after a
 * while. `stopped`: it is not started again.
 */
export type ControlledState = 'running' | 'paused' | 'starting' | 'backing-off' | 'stopped'

/** One process that `up` keeps alive. */
export interface ControlledProcess {
  readonly name: string
  /** null while the process is not running. */
  readonly pid: number | null
  readonly state: ControlledState
  /** How often the process was started again. */
  readonly restarts: number
  /** How the process ended the last time, and when: milliseconds since 1970. null when it has not ended yet. */
  readonly lastExit: { readonly signal: string | null; readonly code: number | null; readonly atMs: number } | null
  /** The moment since which the process is in this state: milliseconds since 1970. */
  readonly sinceMs: number
}

/** `GET /processes` */
export interface ProcessListData {
  readonly processes: readonly ControlledProcess[]
}

/** The body of `POST /processes/<name>/<action>`, which may be left out. */
export interface ControlRequest {
  /** For `pause`: resume after so many milliseconds. For `kill`: start again after so many milliseconds at the earliest. */
  readonly forMs?: number
}

/** `POST /processes/<name>/<action>`: which processes got the signal, and their pids in the same order. */
export interface ControlledData {
  readonly names: readonly string[]
  readonly pids: readonly number[]
}

/** The data of an event `process` of `GET /events`. */
export interface ProcessEventData {
  readonly name: string
  readonly event: 'started' | 'exited' | 'paused' | 'resumed' | 'backing-off'
  /** null when the process could not even be started. */
  readonly pid: number | null
  /** With `exited`: the signal that ended the process, or its exit code. */
  readonly signal?: string | null
  readonly code?: number | null
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** With `backing-off`: how long until the next start, in milliseconds. */
  readonly delayMs?: number
}
