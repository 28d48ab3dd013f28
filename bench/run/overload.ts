import type { Workload } from '../load/requests.ts'
import { pause } from './child.ts'
import { runOpenLoop, sentLoad } from './generator.ts'
import { inMs, totalCpu, watch } from './measure.ts'
import { peakOf } from './open-loop.ts'
import { residentBytes } from './processes.ts'
import type { OverloadRun, Run } from './results.ts'
import type { Benchmark } from './settings.ts'
import { type Started, turnsOf } from './started.ts'
import { sum } from '../../test/statistics.ts'
import type { System } from './system.ts'

/** The rate, in percent of the system's own peak. */
const PERCENT = 300
/** Twice what a front end of the bazaar holds unanswered, so that it has to refuse the rest. */
const CONNECTIONS = 8_192
/** How long a system may take afterwards to finish its work for requests that nobody waits for any more. */
const RECOVERY_MS_MAX = 30_000
const LOOK_MS = 1_000
/** Share of one core below which a system counts as idle. Every system uses less while nobody asks it anything. */
const IDLE_SHARE = 0.2

/** Measures every system in turn at three times its own best rate, on connections that were opened before. */
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
      if (!(await isIdleSoon(each.system, signal))) say(`${run.system} is still busy; the next turn pays for it`)
    }
  }
  return runs

  async function turn({ kind, system }: Started, round: number, peakPerSecond: number): Promise<Turn> {
    const perSecond = Math.round((peakPerSecond * PERCENT) / 100)
    const load = { address: system.address, cyclePath, perSecond, seconds: settings.seconds }
    const before = memoryOf(system)
    const connections = { connectionsMax: CONNECTIONS, connectionsReady: CONNECTIONS }
    const { result: report, trouble } = await watch(system, () => runOpenLoop({ ...load, ...connections }, signal))
    const { goodInTime, answered, good, shed, failed } = report
    return {
      ...{ system: kind.name, round, peakPerSecond },
      ...sentLoad(perSecond, report),
      ...{ goodPerSecond: goodInTime / settings.seconds, answered, good, shed, failed, trouble },
      goodLatencyMs: inMs(report.goodLatency),
      shedLatencyMs: inMs(report.shedLatency),
      memoryBytes: { before, after: memoryOf(system) },
    }
  }
}

/** Waits until a system uses hardly any CPU. Returns false when that takes too long. */
async function isIdleSoon(system: System, signal: AbortSignal): Promise<boolean> {
  const deadlineMs = performance.now() + RECOVERY_MS_MAX
  while (performance.now() < deadlineMs) {
    signal.throwIfAborted()
    const [usedBefore, startMs] = [totalCpu(system), performance.now()]
    await pause(LOOK_MS)
    const share = (totalCpu(system) - usedBefore) / ((performance.now() - startMs) * 1_000)
    if (share < IDLE_SHARE) return true
  }
  return false
}

type Turn = Omit<OverloadRun, 'workload'>

const progressOf = ({ system, goodPerSecond, askedPerSecond }: Turn): string =>
  `${system} ${goodPerSecond.toFixed(0)}/s of ${askedPerSecond}/s`

/** Returns the resident memory by process. */
function memoryOf(system: System): Record<string, number> {
  const total = (pids: readonly number[]) => sum(pids.map((pid) => residentBytes(pid) ?? 0))
  return Object.fromEntries([...system.pids()].map(([name, pids]) => [name, total(pids)]))
}
