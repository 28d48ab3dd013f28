import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartsOf } from './plots.ts'
import { markdownReport } from './report.ts'
import type { Results } from './results.ts'
import { svgOf } from './svg.ts'

/** Writes the results as JSON, as Markdown and as plots, named by date and time. Returns the paths. */
export function writeResults(folder: string, results: Results): string[] {
  mkdirSync(folder, { recursive: true })
  const name = results.startedAt.slice(0, 16).replace('T', '-').replace(':', '')
  const plots = chartsOf(results).map(([kind, chart]) => {
    return { file: `${name}-${kind}.svg`, title: chart.title, text: svgOf(chart) }
  })
  const files = [
    { file: `${name}.json`, text: `${JSON.stringify(results, null, 2)}\n` },
    { file: `${name}.md`, text: markdownReport(results, plots) },
    ...plots,
  ]
  for (const { file, text } of files) writeFileSync(join(folder, file), text)
  return files.map(({ file }) => join(folder, file))
}
