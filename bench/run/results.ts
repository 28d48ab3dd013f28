import type { Machine } from './machine.ts'
import type { LatencyMs, Measure } from './measure.ts'

/** One turn of one system. */
export interface Run {
  readonly workload: string
  readonly connections: number
  /** From 1. */
  readonly round: number
  readonly system: string
  readonly measure: Measure
}

/** The figures of the generator of an open loop itself. */
export interface SentLoad {
  readonly askedPerSecond: number
  /** The rate that the generator reached. */
  readonly sentPerSecond: number
  /** Requests that waited in the generator for a connection. */
  readonly waited: number
  /** Connections that should have been open before the start, and were not. */
  readonly unopened: number
  /** Share of one core that the generator used while it sent, 0..1. */
  readonly loadShare: number
}

/** One turn of one system at a fixed rate. Latencies count from the moment when a request was due. */
export interface OpenRun extends SentLoad {
  readonly workload: string
  /** The rate in percent of the subject's peak, or of the system's own where that is lower. */
  readonly percent: number
  /** From 1. */
  readonly round: number
  readonly system: string
  readonly measure: Measure
}

/** One turn of one system at three times its own peak. */
export interface OverloadRun extends SentLoad {
  readonly workload: string
  readonly system: string
  /** From 1. */
  readonly round: number
  readonly peakPerSecond: number
  /** Requests per second that were answered as wanted while the load lasted. */
  readonly goodPerSecond: number
  readonly answered: number
  /** Requests that were answered as wanted, in time or later. */
  readonly good: number
  /** Answers with status 503. */
  readonly shed: number
  /** Other refusals, failed connections, and requests without an answer ten seconds after the load. */
  readonly failed: number
  /** The system's trouble meanwhile. With any, the figures do not count. */
  readonly trouble: readonly string[]
  readonly goodLatencyMs: LatencyMs
  readonly shedLatencyMs: LatencyMs
  /** Resident memory by process. */
  readonly memoryBytes: Readonly<Record<'before' | 'after', Readonly<Record<string, number>>>>
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
  readonly syncedCopies: string
  readonly versions: Readonly<Record<string, string>>
  /** Share of one core that the system uses while nobody asks it anything, 0..1. It is lost to the turns of others. */
  readonly idleCpu: number
}

/** All results of one run of the benchmark. */
export interface Results {
  readonly startedAt: string
  readonly command: string
  readonly machine: Machine
  readonly settings: {
    readonly rounds: number
    readonly seconds: number
    readonly warmUpSeconds: number
    readonly connections: readonly number[]
    /** How many stocks were for sale. */
    readonly stocks: number
  }
  /** Each workload, what it is, and the share of orders among its requests. */
  readonly workloads: readonly { readonly name: string; readonly what: string; readonly ordersShare: number }[]
  readonly systems: readonly MeasuredSystem[]
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
  readonly runs: readonly Run[]
  readonly openRuns: readonly OpenRun[]
  readonly overloadRuns: readonly OverloadRun[]
  readonly disk: readonly DiskProbe[]
}
