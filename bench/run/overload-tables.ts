import { known, left, type ResultTable, right, whole } from './cells.ts'
import { hasErrors, marked, systemsWithErrors, troubleNotes } from './errors.ts'
import { loadNotes } from './load-notes.ts'
import type { OverloadRun, Results } from './results.ts'
import { median, medianKnown, sum } from '../../test/statistics.ts'

const COLUMNS = [
  left('system'),
  ...['peak/s', 'asked/s', 'sent/s', 'goodput/s', '% of peak', 'good p99 ms'].map(right),
  ...['503 %', '503 p50 ms', '503 p99 ms', 'failed', 'load CPU %'].map(right),
  left('MB by process, before → after'),
]

/** Makes a table for each workload: medians over the rounds, and the memory before the first and after the last round. */
export function overloadTables({ overloadRuns, systems }: Results, workload: string): ResultTable[] {
  const here = overloadRuns.filter((run) => run.workload === workload)
  if (here.length === 0) return []
  const bySystem = systems.flatMap(({ name }) => {
    const runs = here.filter(({ system }) => system === name)
    return runs.length === 0 ? [] : [{ name, runs }]
  })
  return [
    {
      title: `${workload}, overload: an open loop at three times each system's own peak`,
      columns: COLUMNS,
      rows: bySystem.map(({ name, runs }) => row(name, runs)),
      notes: [
        'Goodput counts what was answered as wanted before the last request was due. The load shares the cores.',
        ...(here.some(hasErrors) ? ['! Errors: what is marked does not count, or only as what such a load does to it.'] : []),
        ...troubleNotes(here),
        ...loadNotes(here),
      ],
    },
  ]
}

function row(system: string, runs: readonly OverloadRun[]): string[] {
  const of = (pick: (run: OverloadRun) => number) => median(runs.map(pick))
  const shed = sum(runs.map((run) => run.shed))
  const all = sum(runs.map(({ answered, failed }) => answered + failed))
  return [
    marked(system, systemsWithErrors(runs)),
    ...[of((run) => run.peakPerSecond), of((run) => run.askedPerSecond), of((run) => run.sentPerSecond)].map(whole),
    whole(of((run) => run.goodPerSecond)),
    of((run) => (100 * run.goodPerSecond) / run.peakPerSecond).toFixed(0),
    milliseconds(runs.map(({ good, goodLatencyMs }) => (good > 0 ? goodLatencyMs.p99 : undefined))),
    ((100 * shed) / all).toFixed(1),
    ...(['p50', 'p99'] as const).map((at) =>
      milliseconds(runs.map(({ shed, shedLatencyMs }) => (shed > 0 ? shedLatencyMs[at] : undefined))),
    ),
    `${sum(runs.map((run) => run.failed))}`,
    of((run) => 100 * run.loadShare).toFixed(0),
    memoryWords(runs),
  ]
}

/** Writes the median of the runs that had such an answer at all. */
const milliseconds = (values: readonly (number | undefined)[]): string => known(medianKnown(values), (value) => value.toFixed(0))

function memoryWords(runs: readonly OverloadRun[]): string {
  const after = runs.at(-1)?.memoryBytes.after ?? {}
  const names = Object.entries(runs[0]?.memoryBytes.before ?? {})
  return names.map(([name, before]) => `${name} ${megabytes(before)} → ${megabytes(after[name] ?? 0)}`).join(', ')
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
