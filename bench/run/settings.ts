import type { Stock } from '../../src/domain/stock.ts'
import type { Workload } from '../load/requests.ts'
import type { SystemKind } from './system.ts'

/** The settings of one run of the benchmark, all known before it starts a process. */
export interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly connections: readonly number[]
  readonly workloads: readonly Workload[]
  /** The stocks that every system offers. Undefined: the usual ones. */
  readonly stocks: readonly Stock[] | undefined
  /** True when fixed rates follow the closed loop. */
  readonly openLoop: boolean
  /** True when three times the peak follows. */
  readonly overload: boolean
  /** The systems to measure, in the order of the first round's turns. */
  readonly kinds: readonly SystemKind[]
  /** Folder for temporary folders. Its disk is the one that is measured. */
  readonly temporary: string
  /** Folder with a node_modules for packages that the project does not bring. */
  readonly modules: string | undefined
}

/** One run under way. */
export interface Benchmark {
  readonly settings: Settings
  readonly command: string
  readonly signal: AbortSignal
  /** Prints a line of progress. */
  say(line: string): void
}

/** The system that the others are compared with. */
export const SUBJECT = 'bazaar'
