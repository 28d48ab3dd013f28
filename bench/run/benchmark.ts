import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { takeClosedLoopTurns, warmUp } from './closed-loop.ts'
import { describeMachine } from './machine.ts'
import { takeOpenLoopTurns } from './open-loop.ts'
import { takeOverloadTurns } from './overload.ts'
import type { DiskProbe, MeasuredSystem, OpenRun, OverloadRun, Results, Run } from './results.ts'
import type { Benchmark } from './settings.ts'
import { fund, type Started, StartedSystems } from './started.ts'
import { writeCycle } from './wrk.ts'

/** Starts everything, takes all measures, ends everything. Rejects with the signal's reason when it aborts. */
export async function runBenchmark(benchmark: Benchmark): Promise<Results> {
  const { settings, command, signal, say } = benchmark
  const machine = describeMachine(settings.temporary) // This comes first, as it looks at how busy the machine is.
  const startedAt = new Date().toISOString()
  const systems = new StartedSystems(settings.temporary)
  try {
    await systems.start(settings, signal, say)
    for (const started of systems.started) await fund(started)
    const idle = await systems.idleCpu()
    const { rounds, seconds, warmUpSeconds, connections, stocks } = settings
    return {
      ...{ startedAt, command, machine },
      settings: { rounds, seconds, warmUpSeconds, connections, stocks: (stocks ?? OPENING_CATALOGUE).length },
      workloads: settings.workloads.map(({ name, what, ordersShare }) => ({ name, what, ordersShare })),
      systems: systems.started.map((started, at) => describe(started, idle[at] ?? 0)),
      skipped: systems.skipped,
      ...(await takeTurns(benchmark, systems)),
    }
  } finally {
    await systems.stop()
  }
}

async function takeTurns(
  benchmark: Benchmark,
  { started, folder }: StartedSystems,
): Promise<Pick<Results, 'runs' | 'openRuns' | 'overloadRuns' | 'disk'>> {
  const { workloads, openLoop, overload } = benchmark.settings
  const runs: Run[] = []
  const openRuns: OpenRun[] = []
  const overloadRuns: OverloadRun[] = []
  const disk: DiskProbe[] = []
  for (const workload of workloads) {
    const cyclePath = writeCycle(folder, workload)
    const measured = started.filter(({ kind }) => kind.measures?.(workload) ?? true)
    await warmUp(benchmark, measured, workload, cyclePath)
    const closed = await takeClosedLoopTurns(benchmark, measured, workload, cyclePath)
    runs.push(...closed.runs)
    disk.push(...closed.disk)
    if (openLoop) openRuns.push(...(await takeOpenLoopTurns(benchmark, measured, workload, cyclePath, closed.runs)))
    if (overload) overloadRuns.push(...(await takeOverloadTurns(benchmark, measured, workload, cyclePath, closed.runs)))
  }
  return { runs, openRuns, overloadRuns, disk }
}

function describe({ kind: { name, what, syncedCopies }, system }: Started, idleCpu: number): MeasuredSystem {
  return { name, what, syncedCopies, idleCpu, versions: system.versions ?? {} }
}
