import type { Workload } from '../load/requests.ts'
import { pause } from './child.ts'
import { syncsPerSecond } from './disk.ts'
import { hasErrors } from './errors.ts'
import { measure } from './measure.ts'
import type { DiskProbe, Run } from './results.ts'
import type { Benchmark } from './settings.ts'
import { type Started, turnsOf } from './started.ts'
import { runWrk } from './wrk.ts'

const WARM_UP_CONNECTIONS = 64
/** Pause after a round, for the requests that its load left behind. */
export const SETTLE_MS = 300

/** Measures every system in turn, round after round, so that a busy minute of the machine affects all of them. */
export async function takeClosedLoopTurns(
  benchmark: Benchmark,
  started: readonly Started[],
  workload: Workload,
  cyclePath: string,
): Promise<{ readonly runs: Run[]; readonly disk: DiskProbe[] }> {
  const { settings, say } = benchmark
  const runs: Run[] = []
  const disk: DiskProbe[] = []
  for (const connections of settings.connections) {
    for (let round = 1; round <= settings.rounds; round++) {
      const place = { workload: workload.name, connections, round }
      disk.push({ ...place, syncsPerSecond: syncsPerSecond(settings.temporary) })
      for (const each of turnsOf(started, round)) {
        const run = await turn(benchmark, each, place, cyclePath)
        runs.push(run)
        say(progressOf(run))
      }
    }
  }
  return { runs, disk }
}

/** Lets every system compile the code that this work needs. */
export async function warmUp(
  { settings, signal, say }: Benchmark,
  started: readonly Started[],
  workload: Workload,
  cyclePath: string,
): Promise<void> {
  const seconds = settings.warmUpSeconds
  if (seconds === 0) return
  say(`${workload.name}: warming up, ${seconds} s each`)
  for (const { system } of started) {
    await runWrk(cyclePath, { address: system.address, connections: WARM_UP_CONNECTIONS, seconds, signal })
  }
}

async function turn(
  { settings, signal }: Benchmark,
  { kind, system }: Started,
  place: Pick<Run, 'workload' | 'connections' | 'round'>,
  cyclePath: string,
): Promise<Run> {
  const { address } = system
  const { connections } = place
  const load = () => runWrk(cyclePath, { address, connections, seconds: settings.seconds, signal })
  const taken = await measure(system, load)
  await pause(SETTLE_MS)
  return { ...place, system: kind.name, measure: taken }
}

function progressOf(run: Run): string {
  const { workload, connections, round, system, measure } = run
  const { perSecond, errors, trouble } = measure
  const mark = hasErrors(run) ? `, ${[`${errors} ERRORS`, ...trouble].join(', ')}` : ''
  return `${workload}, ${connections} connections, round ${round}: ${system} ${perSecond.toFixed(0)}/s${mark}`
}
