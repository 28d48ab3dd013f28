import type { Workload } from '../load/requests.ts'
import { pause } from './child.ts'
import { syncsPerSecond } from './disk.ts'
import { describeMachine } from './machine.ts'
import { measure } from './measure.ts'
import type { DiskProbe, MeasuredSystem, Results, Run } from './results.ts'
import type { Settings } from './settings.ts'
import { fund, type Started, StartedSystems } from './started.ts'
import type { SystemKind } from './system.ts'
import { runWrk, writeCycle } from './wrk.ts'

const WARM_UP_CONNECTIONS = 64
/** After a round, for the requests that wrk left behind. */
const SETTLE_MS = 300

export interface Benchmark {
  readonly settings: Settings
  readonly command: string
  readonly signal: AbortSignal
  /** Takes lines of progress. */
  say(line: string): void
}

/** Starts everything, takes all measures, ends everything. Rejects with the signal's reason when it aborts. */
export async function runBenchmark(benchmark: Benchmark): Promise<Results> {
  const { settings, command, signal, say } = benchmark
  const machine = describeMachine(settings.temporary) // First, as it looks at how busy the machine is.
  const startedAt = new Date().toISOString()
  const systems = new StartedSystems(settings.temporary)
  try {
    await systems.start(settings, signal, say)
    for (const started of systems.started) await fund(started)
    const idle = await systems.idleCpu()
    const { runs, disk } = await takeTurns(benchmark, systems)
    const { rounds, seconds, warmUpSeconds, connections } = settings
    return {
      ...{ startedAt, command, machine },
      settings: { rounds, seconds, warmUpSeconds, connections },
      workloads: settings.workloads.map(({ name, what, ordersShare }) => ({ name, what, ordersShare })),
      systems: systems.started.map(({ kind }, at) => describe(kind, idle[at] ?? 0)),
      skipped: systems.skipped,
      ...{ runs, disk },
    }
  } finally {
    await systems.stop()
  }
}

/** Every system in turn, round after round, so that a busy minute of the machine meets all of them. */
async function takeTurns(benchmark: Benchmark, systems: StartedSystems): Promise<Pick<Results, 'runs' | 'disk'>> {
  const { settings, say } = benchmark
  const { started, folder } = systems
  const runs: Run[] = []
  const disk: DiskProbe[] = []
  for (const workload of settings.workloads) {
    const cycle = writeCycle(folder, workload)
    await warmUp(benchmark, started, workload, cycle)
    for (const connections of settings.connections) {
      for (let round = 1; round <= settings.rounds; round++) {
        disk.push({ workload: workload.name, connections, round, syncsPerSecond: syncsPerSecond(folder) })
        for (const each of started) {
          const run = await turn(benchmark, each, { workload: workload.name, connections, round }, cycle)
          runs.push(run)
          say(progressOf(run))
        }
      }
    }
  }
  return { runs, disk }
}

async function warmUp(
  benchmark: Benchmark,
  started: readonly Started[],
  workload: Workload,
  cycle: string,
): Promise<void> {
  const { settings, signal, say } = benchmark
  const seconds = settings.warmUpSeconds
  if (seconds === 0) return
  say(`${workload.name}: warming up, ${seconds} s each`)
  for (const { system } of started) {
    await runWrk(cycle, { address: system.address, connections: WARM_UP_CONNECTIONS, seconds, signal })
  }
}

async function turn(
  { settings, signal }: Benchmark,
  { kind, system }: Started,
  place: Pick<Run, 'workload' | 'connections' | 'round'>,
  cycle: string,
): Promise<Run> {
  const { address } = system
  const { connections } = place
  const load = () => runWrk(cycle, { address, connections, seconds: settings.seconds, signal })
  const taken = await measure(system, load)
  await pause(SETTLE_MS)
  return { ...place, system: kind.name, measure: taken }
}

function describe({ name, what, disks }: SystemKind, idleCpu: number): MeasuredSystem {
  return { name, what, disks, idleCpu }
}

function progressOf({ workload, connections, round, system, measure: { perSecond, errors } }: Run): string {
  const mark = errors > 0 ? `, ${errors} ERRORS` : ''
  return `${workload}, ${connections} connections, round ${round}: ${system} ${perSecond.toFixed(0)}/s${mark}`
}
