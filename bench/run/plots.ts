import { marked, systemsWithErrors } from './errors.ts'
import { askedOfTheFastest } from './open-loop-tables.ts'
import type { OpenRun, Results, Run } from './results.ts'
import { SUBJECT } from './settings.ts'
import { median } from '../../test/statistics.ts'
import { type PerOrder, type Summary, summaries } from './summary.ts'
import type { Chart, Panel } from './svg.ts'

const PERCENTILES = ['p50', 'p90', 'p95', 'p99', 'p999'] as const
const PERCENTILE_NAMES = ['p50', 'p90', 'p95', 'p99', 'p99.9']
const LATENCY_AXES = 'Milliseconds (logarithmic), by percentile.'
const OPEN_LOOP_AXES = `${LATENCY_AXES} The peak: the bazaar's, or a system's own where that is lower.`

const PER_ORDER: readonly (readonly [keyof PerOrder, string])[] = [
  ['ordersPerBatch', 'Orders a batch'],
  ['commits', 'Commits an order'],
  ['keptBytes', 'Bytes kept an order'],
]

/**
 * Makes up to five charts for each workload, by name: rate, latency, CPU and bytes written in the closed loop, and latency in
 * the open loop.
 */
export function chartsOf(results: Results): (readonly [string, Chart])[] {
  return results.workloads.flatMap(({ name }) => {
    const charts: Record<string, Chart> = {
      rate: rateChart(results, name),
      latency: latencyChart(results, name),
      cpu: cpuChart(results, name),
      'per-order': perOrderChart(results, name),
      'open-loop': openLoopChart(results, name),
    }
    const drawn = Object.entries(charts).filter(([, { panels }]) => panels.some(({ series }) => series.length > 0))
    return drawn.map(([kind, chart]) => [`${name}-${kind}`, chart] as const)
  })
}

/** Returns the labels of the systems. Those with errors in these runs are marked in the same way all over a chart. */
function labelsFor(runs: readonly (Run | OpenRun)[], workload: string) {
  const withErrors = systemsWithErrors(runs.filter((run) => run.workload === workload))
  const nameOf = (system: string) => marked(system, withErrors)
  const withNote = (axes: string) => (withErrors.size > 0 ? `${axes} !: errors; does not count.` : axes)
  return { nameOf, withNote, subject: nameOf(SUBJECT) }
}

function rateChart(results: Results, workload: string): Chart {
  const { withNote, subject } = labelsFor(results.runs, workload)
  const panels = [panelByConnections(results, workload, '', ({ perSecond }) => perSecond.median)]
  const axes = withNote('Requests a second (logarithmic), by connections.')
  return { title: `${workload}: rate`, axes, kind: 'lines', subject, panels }
}

function perOrderChart(results: Results, workload: string): Chart {
  const { withNote, subject } = labelsFor(results.runs, workload)
  const panels = PER_ORDER.map(([key, title]) => panelByConnections(results, workload, title, ({ perOrder }) => perOrder?.[key]))
  const drawn = panels.filter(({ series }) => series.length > 0)
  const axes = withNote('By connections (logarithmic). Commits and bytes of all processes together.')
  return { title: `${workload}: what is written`, axes, kind: 'lines', subject, panels: drawn }
}

/** Makes a panel with a line for each system whose figure is known. */
function panelByConnections(results: Results, workload: string, title: string, figureOf: (summary: Summary) => number | undefined): Panel {
  const { connections } = results.settings
  const { nameOf } = labelsFor(results.runs, workload)
  const columns = connections.map((number) => summaries(results, workload, number))
  const series = results.systems.map(({ name }) => ({
    name: nameOf(name),
    values: columns.map((column) => column.filter(({ system }) => system === name).map(figureOf)[0]),
  }))
  return { title, categories: connections.map(String), series: series.filter(({ values }) => values.some((value) => value !== undefined)) }
}

function latencyChart(results: Results, workload: string): Chart {
  const { nameOf, withNote, subject } = labelsFor(results.runs, workload)
  const panels = panelsOf(results, workload, PERCENTILE_NAMES, (rows) =>
    rows.map(({ system, latencyMs }) => ({ name: nameOf(system), values: PERCENTILES.map((at) => latencyMs[at]) })),
  )
  return { title: `${workload}: latency, closed loop`, axes: withNote(LATENCY_AXES), kind: 'lines', subject, panels }
}

function cpuChart(results: Results, workload: string): Chart {
  const systems = summaries(results, workload, results.settings.connections[0] ?? 0).map(({ system }) => system)
  const { nameOf, withNote, subject } = labelsFor(results.runs, workload)
  const panels = panelsOf(results, workload, systems.map(nameOf), (rows) => {
    const names = [...new Set(rows.flatMap(({ cpuByProcess }) => Object.keys(cpuByProcess)))]
    return names.map((name) => ({ name, values: rows.map(({ cpuByProcess }) => cpuByProcess[name]) }))
  })
  const axes = withNote('Microseconds of CPU a request.')
  return { title: `${workload}: CPU by process`, axes, kind: 'stacked bars', subject, panels }
}

/** Makes a panel for each number of connections. */
function panelsOf(
  results: Results,
  workload: string,
  categories: readonly string[],
  seriesOf: (rows: readonly Summary[]) => Panel['series'],
): Panel[] {
  return results.settings.connections.map((number) => {
    const title = `${number} connection${number === 1 ? '' : 's'}`
    return { title, categories, series: seriesOf(summaries(results, workload, number)) }
  })
}

function openLoopChart({ openRuns, systems }: Results, workload: string): Chart {
  const here = openRuns.filter((run) => run.workload === workload)
  const { nameOf, withNote, subject } = labelsFor(openRuns, workload)
  const panels = [...new Set(here.map(({ percent }) => percent))].map((percent): Panel => {
    const runs = here.filter((run) => run.percent === percent)
    const series = systems.flatMap(({ name }) => {
      const own = runs.filter(({ system }) => system === name)
      const of = (at: (typeof PERCENTILES)[number]) => median(own.map(({ measure }) => measure.latencyMs[at]))
      return own.length === 0 ? [] : [{ name: nameOf(name), values: PERCENTILES.map(of) }]
    })
    const rate = Math.round(askedOfTheFastest(runs)).toLocaleString('en-GB')
    return { title: `${percent} % of the peak, ${rate}/s at most`, categories: PERCENTILE_NAMES, series }
  })
  return { title: `${workload}: latency, open loop`, axes: withNote(OPEN_LOOP_AXES), kind: 'lines', subject, panels }
}
