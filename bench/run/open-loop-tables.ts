import { left, type ResultTable, right, whole } from './cells.ts'
import { hasErrors, marked, systemsWithErrors, troubleNotes } from './errors.ts'
import { loadNotes } from './load-notes.ts'
import type { OpenRun, Results } from './results.ts'
import { median, spread, sum } from '../../test/statistics.ts'

const COLUMNS = [
  left('system'),
  ...['sent/s', 'answered/s', 'p50 ms', 'p90 ms', 'p95 ms', 'p99 ms', 'min–max', 'p99.9 ms', 'max ms'].map(right),
  ...['load CPU %', 'errors'].map(right),
]
/** A generator that is this busy adds to the latencies itself. */
const LOAD_SHARE_MAX = 0.7

/** Makes a table for each fixed rate of a workload: medians over the rounds, the least and the greatest p99, and the greatest of all. */
export function openLoopTables({ openRuns, systems }: Results, workload: string): ResultTable[] {
  const here = openRuns.filter((run) => run.workload === workload)
  return [...new Set(here.map(({ percent }) => percent))].map((percent) => {
    const runs = here.filter((run) => run.percent === percent)
    const measured = systems.filter(({ name }) => runs.some(({ system }) => system === name))
    const rate = askedOfTheFastest(runs)
    const slower = new Set(runs.filter((run) => run.askedPerSecond < rate).map(({ system }) => system))
    const busy = runs.some((run) => run.loadShare > LOAD_SHARE_MAX)
    return {
      title: `${workload}, open loop at ${whole(rate)}/s, ${percent} % of the bazaar's peak`,
      columns: COLUMNS,
      rows: measured.map(({ name }) =>
        row(
          name,
          runs.filter(({ system }) => system === name),
        ),
      ),
      notes: [
        'Latency counts from when a request was due, up to 1 ms of the timer included.',
        ...(slower.size > 0 ? [`At ${percent} % of their own peak, which is lower: ${[...slower].join(', ')}.`] : []),
        ...(runs.some(hasErrors) ? ['! Errors: what is marked does not count.'] : []),
        ...troubleNotes(runs),
        ...loadNotes(runs),
        ...(busy ? ['The load itself was busy and adds to the latencies.'] : []),
      ],
    }
  })
}

/** Returns the rate of the systems whose peak is not below the bazaar's. */
export function askedOfTheFastest(runs: readonly OpenRun[]): number {
  return Math.max(0, ...runs.map(({ askedPerSecond }) => askedPerSecond))
}

function row(system: string, runs: readonly OpenRun[]): string[] {
  const of = (pick: (run: OpenRun) => number) => median(runs.map(pick))
  const latency = (at: keyof OpenRun['measure']['latencyMs']) => of(({ measure }) => measure.latencyMs[at])
  const { min: least, max: greatest } = spread(runs.map(({ measure }) => measure.latencyMs.p99))
  return [
    marked(system, systemsWithErrors(runs)),
    whole(of((run) => run.sentPerSecond)),
    whole(of(({ measure }) => measure.perSecond)),
    ...(['p50', 'p90', 'p95', 'p99'] as const).map((at) => latency(at).toFixed(2)),
    `${least.toFixed(1)}–${greatest.toFixed(1)}`,
    latency('p999').toFixed(2),
    Math.max(...runs.map(({ measure }) => measure.latencyMs.max)).toFixed(1),
    of((run) => 100 * run.loadShare).toFixed(0),
    `${sum(runs.map(({ measure }) => measure.errors))}`,
  ]
}
