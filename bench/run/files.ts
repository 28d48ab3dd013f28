import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdownReport } from './report.ts'
import type { Results } from './results.ts'

/** Writes the results as JSON and as Markdown, named by date and time; returns the paths. */
export function writeResults(folder: string, results: Results): string[] {
  mkdirSync(folder, { recursive: true })
  const name = results.startedAt.slice(0, 16).replace('T', '-').replace(':', '')
  const files = [
    [join(folder, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`],
    [join(folder, `${name}.md`), markdownReport(results)],
  ] as const
  for (const [path, text] of files) writeFileSync(path, text)
  return files.map(([path]) => path)
}
