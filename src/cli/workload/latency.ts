import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Clock } from '../../runtime/clock.ts'

export const OPERATIONS = ['lookup', 'trade', 'query'] as const
export type Operation = (typeof OPERATIONS)[number]

/** All in milliseconds. */
export interface LatencySummary {
  readonly count: number
  readonly average: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Measures how long each kind of operation takes, as the client sees it, repeats included. */
export class Latencies {
  readonly #clock: Clock
  /** In microseconds, as a histogram holds integers. */
  readonly #histograms: Readonly<Record<Operation, RecordableHistogram>> = {
    lookup: createHistogram(),
    trade: createHistogram(),
    query: createHistogram(),
  }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async measure<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.monotonicMs()
    const result = await run()
    const microseconds = Math.round((this.#clock.monotonicMs() - startMs) * 1_000)
    this.#histograms[operation].record(Math.max(1, microseconds))
    return result
  }

  summary(operation: Operation): LatencySummary {
    const histogram = this.#histograms[operation]
    const { count } = histogram
    if (count === 0) return { count, average: 0, p50: 0, p95: 0, p99: 0, max: 0 }
    const percentile = (percent: number) => inMs(histogram.percentile(percent))
    return {
      count,
      average: inMs(histogram.mean),
      p50: percentile(50),
      p95: percentile(95),
      p99: percentile(99),
      max: inMs(histogram.max),
    }
  }
}

/** Converts to milliseconds with three decimals. */
const inMs = (microseconds: number): number => Math.round(microseconds) / 1_000
