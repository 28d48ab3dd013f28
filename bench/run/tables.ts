import { known, left, type ResultTable, right, whole } from './cells.ts'
import { troubleNotes } from './errors.ts'
import { openLoopTables } from './open-loop-tables.ts'
import { overloadTables } from './overload-tables.ts'
import type { Results } from './results.ts'
import { SUBJECT } from './settings.ts'
import { type Spread, spread } from '../../test/statistics.ts'
import { type Summary, summaries } from './summary.ts'

const SPEED_COLUMNS = [
  left('system'),
  ...['requests/s', 'min', 'max', 'p50 ms', 'p95 ms', 'p99 ms', 'p99.9 ms', 'CPU µs', 'wrk CPU %', 'errors'].map(right),
  ...[`${SUBJECT} ÷ it`, 'min–max'].map(right),
]
const COST_COLUMNS = [
  left('system'),
  ...['limit/s with a core each', 'orders/batch', 'commits/order', 'bytes kept'].map(right),
  left('CPU µs by process'),
]
/** A generator that is this busy may be what limits the result. */
const LOAD_SHARE_MAX = 0.9

/** Makes two tables for each workload and number of connections: the speed and the cost. Those of the open loops follow. */
export function resultTables(results: Results): ResultTable[] {
  return results.workloads.flatMap(({ name, what }) => [
    ...results.settings.connections.flatMap((connections) => {
      const rows = summaries(results, name, connections)
      const title = `${name}, ${connections} connection${connections === 1 ? '' : 's'}`
      const here = results.runs.filter((run) => run.workload === name && run.connections === connections)
      const notes = [diskNote(results, name, connections), ...troubleNotes(here)]
      return [speedTable(`${title}: ${what}`, rows, notes), costTable(`${title}: cost of one`, rows)]
    }),
    ...openLoopTables(results, name),
    ...overloadTables(results, name),
  ])
}

function speedTable(title: string, rows: readonly Summary[], before: readonly string[]): ResultTable {
  const withErrors = rows.filter((row) => row.hasErrors).map(({ system }) => system)
  const limited = rows.filter(({ loadShare = 0 }) => loadShare > LOAD_SHARE_MAX).map(({ system }) => system)
  const notes = [
    ...before,
    ...(withErrors.length > 0 ? [`! Errors of ${withErrors.join(', ')}: what is marked does not count.`] : []),
    ...(limited.length > 0 ? [`wrk used nearly a whole core against ${limited.join(', ')} and may be the limit.`] : []),
  ]
  const ratioCounts = !withErrors.includes(SUBJECT)
  return { title, columns: SPEED_COLUMNS, rows: rows.map((row) => speedRow(row, ratioCounts)), notes }
}

/** Makes a row. `ratioCounts`: the system that is divided by the others had no errors. */
function speedRow(row: Summary, ratioCounts: boolean): string[] {
  const { perSecond, latencyMs, cpu, loadShare, errors, ratio } = row
  const ratioMark = ratioCounts ? '' : ' !'
  return [
    nameOf(row),
    ...[perSecond.median, perSecond.min, perSecond.max].map(whole),
    ...(['p50', 'p95', 'p99', 'p999'] as const).map((at) => latencyMs[at].toFixed(2)),
    cpu.toFixed(0),
    known(loadShare, (share) => (100 * share).toFixed(0)),
    `${errors}`,
    known(ratio?.median, (value) => `${value.toFixed(3)}${ratioMark}`),
    known(ratio, ({ min, max }) => `${min.toFixed(3)}–${max.toFixed(3)}${ratioMark}`),
  ]
}

const nameOf = ({ system, hasErrors }: Summary): string => (hasErrors ? `${system} !` : system)

function costTable(title: string, rows: readonly Summary[]): ResultTable {
  return { title, columns: COST_COLUMNS, rows: rows.map(costRow), notes: [] }
}

function costRow(row: Summary): string[] {
  const { coreLimit, perOrder, cpuByProcess, loadCpu } = row
  const processes = Object.entries(cpuByProcess).map(([name, value]) => `${name} ${value.toFixed(0)}`)
  return [
    nameOf(row),
    known(coreLimit, whole),
    known(perOrder?.ordersPerBatch, (value) => value.toFixed(1)),
    known(perOrder?.commits, (value) => value.toFixed(3)),
    known(perOrder?.keptBytes, whole),
    [...processes, `(wrk ${known(loadCpu, (value) => value.toFixed(0))})`].join(', '),
  ]
}

function diskNote({ disk }: Results, workload: string, connections: number): string {
  const here = disk.filter((probe) => probe.workload === workload && probe.connections === connections)
  const { median, min, max }: Spread = spread(here.map(({ syncsPerSecond }) => syncsPerSecond))
  return `The disk itself, one writer: ${whole(median)} fdatasync/s of 4 KiB (${whole(min)} to ${whole(max)}).`
}
