import type { Workload } from '../load/requests.ts'
import type { Benchmark } from './benchmark.ts'
import { pause } from './child.ts'
import { inMs, runOpenLoop } from './generator.ts'
import { peakOf } from './open-loop.ts'
import { residentBytes } from './processes.ts'
import type { OverloadRun, Run } from './results.ts'
import { type Started, turnsOf } from './started.ts'
import { sum } from './statistics.ts'
import type { System } from './system.ts'

/** The rate, in percent of the system's own peak. */
const PERCENT = 300
/** Twice what a front end of the bazaar holds unanswered, so that it has to refuse the rest. */
const CONNECTIONS = 8_192
/** Afterwards, for what a system still has to do for requests that nobody waits for any more. */
const RECOVERY_MS = 2_000

/** Every system in turn at three times its own best rate, each on connections that are open before. */
export async function takeOverloadTurns(
  { settings, signal, say }: Benchmark,
  started: readonly Started[],
  workload: Workload,
  cyclePath: string,
  closedRuns: readonly Run[],
): Promise<OverloadRun[]> {
  const runs: OverloadRun[] = []
  for (let round = 1; round <= settings.rounds; round++) {
    for (const each of turnsOf(started, round)) {
      signal.throwIfAborted()
      const run = await turn(each, round, peakOf(closedRuns, workload.name, each.kind.name))
      runs.push({ workload: workload.name, ...run })
      say(`${workload.name}, overload, round ${round}: ${progressOf(run)}`)
      await pause(RECOVERY_MS)
    }
  }
  return runs

  async function turn({ kind, system }: Started, round: number, peakPerSecond: number): Promise<Turn> {
    const perSecond = Math.round((peakPerSecond * PERCENT) / 100)
    const load = { address: system.address, cyclePath, perSecond, seconds: settings.seconds }
    const before = memoryOf(system)
    const report = await runOpenLoop({ ...load, connectionsMax: CONNECTIONS, connectionsReady: CONNECTIONS }, signal)
    const { goodInTime, answered, shed, failed, waited, sentPerSecond, cpuShare } = report
    return {
      ...{ system: kind.name, round, peakPerSecond, askedPerSecond: perSecond, sentPerSecond },
      ...{ goodPerSecond: goodInTime / settings.seconds, answered, shed, failed, waited },
      goodLatencyMs: inMs(report.goodLatency),
      shedLatencyMs: inMs(report.shedLatency),
      loadShare: cpuShare,
      memoryBytes: { before, after: memoryOf(system) },
    }
  }
}

type Turn = Omit<OverloadRun, 'workload'>

const progressOf = ({ system, goodPerSecond, askedPerSecond }: Turn): string =>
  `${system} ${goodPerSecond.toFixed(0)}/s of ${askedPerSecond}/s`

/** Resident memory by process. */
function memoryOf(system: System): Record<string, number> {
  const total = (pids: readonly number[]) => sum(pids.map((pid) => residentBytes(pid) ?? 0))
  return Object.fromEntries([...system.pids()].map(([name, pids]) => [name, total(pids)]))
}
