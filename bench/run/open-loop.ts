import { fileURLToPath } from 'node:url'
import type { OpenLoopOptions, OpenLoopReport } from '../load/open-loop.ts'
import type { Workload } from '../load/requests.ts'
import type { Benchmark } from './benchmark.ts'
import { Child, pause } from './child.ts'
import { SETTLE_MS } from './closed-loop.ts'
import { type LoadResult, measure } from './measure.ts'
import type { OpenRun, Run } from './results.ts'
import { SUBJECT } from './settings.ts'
import type { Started } from './started.ts'
import { median } from './statistics.ts'

const SCRIPT = fileURLToPath(new URL('../load/open-loop.ts', import.meta.url))
const CONNECTIONS_MAX = 1_024
/** Rates, in percent of the subject's peak. */
const PERCENTS = [50, 80]
const START_AND_DRAIN_MS = 30_000

/** Every system in turn at the same fixed rates; one whose own peak lies below a rate is left out of it. */
export async function takeOpenLoopTurns(
  benchmark: Benchmark,
  started: readonly Started[],
  workload: Workload,
  cyclePath: string,
  closedRuns: readonly Run[],
): Promise<OpenRun[]> {
  const { settings, signal, say } = benchmark
  const runs: OpenRun[] = []
  const peak = peakOf(closedRuns, workload.name, SUBJECT)
  for (const percent of PERCENTS) {
    const perSecond = Math.round((peak * percent) / 100)
    const able = started.filter(({ kind }) => peakOf(closedRuns, workload.name, kind.name) >= perSecond)
    for (let round = 1; round <= settings.rounds; round++) {
      for (const { kind, system } of able) {
        signal.throwIfAborted()
        const options = { address: system.address, cyclePath, perSecond, seconds: settings.seconds }
        const taken = await measure(system, () => runOpenLoop(options, signal))
        const place = { workload: workload.name, percent, sentPerSecond: perSecond, round }
        runs.push({ ...place, system: kind.name, measure: taken })
        say(`${workload.name}, ${perSecond}/s, round ${round}: ${kind.name} p99 ${taken.latencyMs.p99.toFixed(1)} ms`)
        await pause(SETTLE_MS)
      }
    }
  }
  return runs
}

/** The best median that a system reached at any number of connections. */
function peakOf(runs: readonly Run[], workload: string, system: string): number {
  const own = runs.filter((run) => run.workload === workload && run.system === system)
  const connections = [...new Set(own.map((run) => run.connections))]
  const medians = connections.map((number) =>
    median(own.filter((run) => run.connections === number).map(({ measure: { perSecond } }) => perSecond)),
  )
  return Math.max(...medians)
}

async function runOpenLoop(options: Omit<OpenLoopOptions, 'connectionsMax'>, signal: AbortSignal): Promise<LoadResult> {
  const args = [SCRIPT, JSON.stringify({ ...options, connectionsMax: CONNECTIONS_MAX })]
  const generator = new Child(process.execPath, args, { channel: true })
  const stop = () => void generator.stop()
  signal.addEventListener('abort', stop)
  try {
    const deadlineMs = 1_000 * options.seconds + START_AND_DRAIN_MS
    return resultOf((await generator.announcement(deadlineMs)) as OpenLoopReport)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    await generator.stop()
  }
}

function resultOf({ answered, errors, seconds, latency, cpuMicroseconds }: OpenLoopReport): LoadResult {
  const inMs = (value: number) => value / 1_000
  const { p50, p90, p95, p99, p999, max } = latency
  return {
    ...{ answered, errors, seconds, cpuMicroseconds },
    perSecond: (answered - errors) / seconds,
    latencyMs: { p50: inMs(p50), p90: inMs(p90), p95: inMs(p95), p99: inMs(p99), p999: inMs(p999), max: inMs(max) },
  }
}
