import { type Column, tableLines } from '../../src/cli/table.ts'
import { count } from '../../src/cli/units.ts'
import type { ResultTable } from './cells.ts'
import type { MeasuredSystem, Results } from './results.ts'
import { resultTables } from './tables.ts'

/** Writes the report for a terminal. */
export function textReport(results: Results): string {
  const tables = resultTables(results).flatMap(({ title, columns, rows, notes }) => ['', title, ...tableLines(columns, rows), ...notes])
  return [...tables, '', ...closingLines(results)].join('\n').trimStart()
}

/** A picture beside the report. */
export interface Picture {
  readonly title: string
  readonly file: string
}

/** Writes the report for a repository. */
export function markdownReport(results: Results, pictures: readonly Picture[]): string {
  const { machine, startedAt, command } = results
  const { cpu, cores, memoryGiB, kernel, loadAverage } = machine
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  const head = [
    `# Benchmark of ${startedAt.slice(0, 10)}`,
    '',
    `- Started: ${startedAt}, by \`${command}\`, at commit ${machine.commit}`,
    `- Machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}`,
    `- Load average at the start: ${loadAverage.toFixed(2)}`,
    `- Versions: ${versions.join(', ')}`,
  ]
  const tables = resultTables(results).flatMap((table) => [
    ...['', `## ${table.title}`, ''],
    ...markdownTable(table),
    ...['', ...table.notes],
  ])
  const closing = closingLines(results).map((line) => `- ${line}`)
  const plots = pictures.flatMap(({ title, file }) => ['', `![${title}](${file})`])
  return `${[...head, ...plots, ...tables, '', '## What was measured', '', ...closing].join('\n')}\n`
}

function closingLines({ systems, skipped, settings, machine }: Results): string[] {
  const { rounds, seconds, warmUpSeconds, stocks } = settings
  const inMemory = 'WARNING: the temporary folder is in memory, where syncs cost nothing: see --temporary.'
  return [
    `${count(rounds, 'round')} of ${seconds} s each, all systems in turn, ${warmUpSeconds} s of warming up. Medians. ` +
      `${stocks.toLocaleString('en-GB')} stocks for sale.`,
    ...(rounds === 1 ? ['One round shows that all works. It is nothing to compare by: the bazaar is faster once it is warm.'] : []),
    ...systems.map(systemLine),
    ...skipped.map(({ name, why }) => `SKIPPED ${name}: ${why}`),
    ...(machine.temporaryInMemory ? [inMemory] : []),
    'CPU is in microseconds a request; bytes, batches and commits are per order.',
    'The limit with a core each is 1 s divided by the CPU of the busiest process. The processes of one database server ' +
      'count as one here, so that with many cores it reaches more.',
    'wrk works in a closed loop: it waits for an answer before it sends the next request on a connection. For an answer ' +
      'that took longer than twice the mean time between requests, it adds latencies of the requests that would have been ' +
      'sent meanwhile (coordinated omission), so that its highest percentiles are in part computed.',
  ]
}

function systemLine({ name, what, syncedCopies, idleCpu, versions }: MeasuredSystem): string {
  const stands = Object.entries(versions)
    .map(([on, version]) => ` On ${on} ${version}.`)
    .join('')
  const idle = (100 * idleCpu).toFixed(1)
  return `${name}: ${what}.${stands} Copies synced before the answer: ${syncedCopies}. CPU while idle: ${idle} % of a core.`
}

function markdownTable({ columns, rows }: ResultTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = (column: Column) => (column.align === 'right' ? '---:' : '---')
  return [line(columns.map(({ title }) => title)), line(columns.map(rule)), ...rows.map(line)]
}
