import type { OpenLoopReport } from '../load/open-loop.ts'
import type { Workload } from '../load/requests.ts'
import { pause } from './child.ts'
import { SETTLE_MS } from './closed-loop.ts'
import { runOpenLoop, sentLoad } from './generator.ts'
import { inMs, type LoadResult, measure } from './measure.ts'
import type { OpenRun, Run } from './results.ts'
import { type Benchmark, SUBJECT } from './settings.ts'
import { type Started, turnsOf } from './started.ts'
import { median } from '../../test/statistics.ts'

const CONNECTIONS = { connectionsMax: 1_024, connectionsReady: 64 }
/** The rates, in percent of a peak. */
const PERCENTS = [50, 80]

/**
 * Measures every system in turn at the same fixed rates: percents of the subject's peak on the number of connections that are
 * open at first. When a system's own peak is lower, the rates are percents of that.
 */
export async function takeOpenLoopTurns(
  benchmark: Benchmark,
  started: readonly Started[],
  workload: Workload,
  cyclePath: string,
  closedRuns: readonly Run[],
): Promise<OpenRun[]> {
  const { settings, signal, say } = benchmark
  const runs: OpenRun[] = []
  const peakFor = (system: string) => peakOf(closedRuns, workload.name, system, CONNECTIONS.connectionsReady)
  for (const percent of PERCENTS) {
    for (let round = 1; round <= settings.rounds; round++) {
      for (const { kind, system } of turnsOf(started, round)) {
        signal.throwIfAborted()
        const perSecond = Math.round((Math.min(peakFor(SUBJECT), peakFor(kind.name)) * percent) / 100)
        const load = { address: system.address, cyclePath, perSecond, seconds: settings.seconds, ...CONNECTIONS }
        const { sent, ...taken } = await measure(system, async () => {
          const report = await runOpenLoop(load, signal)
          return { ...resultOf(report), sent: sentLoad(perSecond, report) }
        })
        runs.push({ workload: workload.name, percent, ...sent, round, system: kind.name, measure: taken })
        say(`${workload.name}, ${perSecond}/s, round ${round}: ${kind.name} p99 ${taken.latencyMs.p99.toFixed(1)} ms`)
        await pause(SETTLE_MS)
      }
    }
  }
  return runs
}

/** Returns the best median of a system at any number of connections, or that on `onConnections` if it was measured. */
export function peakOf(runs: readonly Run[], workload: string, system: string, onConnections?: number): number {
  const own = runs.filter((run) => run.workload === workload && run.system === system)
  const measured = [...new Set(own.map((run) => run.connections))]
  const connections = measured.filter((number) => number === onConnections)
  const medians = (connections.length > 0 ? connections : measured).map((number) =>
    median(own.filter((run) => run.connections === number).map(({ measure: { perSecond } }) => perSecond)),
  )
  return Math.max(...medians)
}

function resultOf({ answered, good, shed, failed, seconds, latency, cpuMicroseconds }: OpenLoopReport): LoadResult {
  return {
    ...{ answered, seconds, cpuMicroseconds },
    errors: shed + failed,
    perSecond: good / seconds,
    latencyMs: inMs(latency),
  }
}
