import type { Stock } from '../../src/domain/stock.ts'
import type { Workload } from '../load/requests.ts'
import type { SystemKind } from './system.ts'

/** Everything that one run of the benchmark has decided before it starts a process. */
export interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly connections: readonly number[]
  readonly workloads: readonly Workload[]
  /** What every system offers; undefined: the usual stocks. */
  readonly stocks: readonly Stock[] | undefined
  /** Whether fixed rates follow the closed loop. */
  readonly openLoop: boolean
  /** Whether three times the peak follows. */
  readonly overload: boolean
  /** What is measured, in the order of the first round's turns. */
  readonly kinds: readonly SystemKind[]
  /** Folder that temporary folders are made in: its disk is the one that is measured. */
  readonly temporary: string
  /** Folder with a node_modules for packages that the project does not bring. */
  readonly modules: string | undefined
}

/** One run under way. */
export interface Benchmark {
  readonly settings: Settings
  readonly command: string
  readonly signal: AbortSignal
  /** Takes lines of progress. */
  say(line: string): void
}

/** The system that the others are compared with. */
export const SUBJECT = 'bazaar'
