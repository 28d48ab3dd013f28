import type { Machine } from './machine.ts'
import type { Measure } from './measure.ts'

/** One turn of one system. */
export interface Run {
  readonly workload: string
  readonly connections: number
  /** From 1. */
  readonly round: number
  readonly system: string
  readonly measure: Measure
}

/** One turn of one system at a fixed rate; latencies count from when a request was due. */
export interface OpenRun {
  readonly workload: string
  /** The rate in percent of the subject's peak. */
  readonly percent: number
  readonly sentPerSecond: number
  /** From 1. */
  readonly round: number
  readonly system: string
  readonly measure: Measure
}

/** How fast the disk itself was, right before a round. */
export interface DiskProbe {
  readonly workload: string
  readonly connections: number
  readonly round: number
  readonly syncsPerSecond: number
}

export interface MeasuredSystem {
  readonly name: string
  readonly what: string
  readonly disks: string
  readonly versions: Readonly<Record<string, string>>
  /** Share of one core that it uses while nobody asks it anything, 0..1. The others' turns pay for it. */
  readonly idleCpu: number
}

/** Everything that one run of the benchmark found out. */
export interface Results {
  readonly startedAt: string
  readonly command: string
  readonly machine: Machine
  readonly settings: {
    readonly rounds: number
    readonly seconds: number
    readonly warmUpSeconds: number
    readonly connections: readonly number[]
    /** How many were for sale. */
    readonly stocks: number
  }
  /** Orders among the requests of each workload, and what it is. */
  readonly workloads: readonly { readonly name: string; readonly what: string; readonly ordersShare: number }[]
  readonly systems: readonly MeasuredSystem[]
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
  readonly runs: readonly Run[]
  readonly openRuns: readonly OpenRun[]
  readonly disk: readonly DiskProbe[]
}
