import { parentPort } from 'node:worker_threads'
import { simulate, type RunResult } from './simulation.ts'

export interface Batch {
  readonly seeds: readonly number[]
  /** True when the first violation ends the batch. */
  readonly untilViolation: boolean
}

export interface BatchResult {
  readonly runs: number
  readonly events: number
  readonly operations: number
  readonly orders: number
  readonly failed: readonly Pick<RunResult, 'seed' | 'mix' | 'violations'>[]
}

// Stacks of errors take time to gather. Nobody reads those of the errors that services throw at each other.
Error.stackTraceLimit = 0

parentPort?.on('message', async ({ seeds, untilViolation }: Batch) => {
  let [runs, events, operations, orders] = [0, 0, 0, 0]
  const failed: BatchResult['failed'][number][] = []
  for (const seed of seeds) {
    if (untilViolation && failed.length > 0) break
    runs += 1
    const result = await simulate(seed, { keepTrace: false })
    events += result.events
    operations += result.operations.length
    orders += result.log.length
    if (result.violations.length > 0) failed.push({ seed, mix: result.mix, violations: result.violations })
  }
  parentPort?.postMessage({ runs, events, operations, orders, failed } satisfies BatchResult)
})
