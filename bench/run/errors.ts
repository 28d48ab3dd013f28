import type { OpenRun, OverloadRun, Run } from './results.ts'

type AnyRun = Run | OpenRun | OverloadRun

/** Says whether a run met errors or trouble, so that its figures do not count. A 503 is an error, except under overload. */
export const hasErrors = (run: AnyRun): boolean => ('measure' in run ? run.measure.errors : run.failed) > 0 || troubleOf(run).length > 0

/** Returns the trouble of systems in these runs, each trouble once. */
export function troubleNotes(runs: readonly AnyRun[]): string[] {
  return [...new Set(runs.flatMap((run) => troubleOf(run).map((trouble) => `! ${run.system}: ${trouble}.`)))]
}

const troubleOf = (run: AnyRun): readonly string[] => ('measure' in run ? run.measure.trouble : run.trouble)

/** Returns the systems that met errors in any run. */
export const systemsWithErrors = (runs: readonly AnyRun[]): ReadonlySet<string> =>
  new Set(runs.filter(hasErrors).map(({ system }) => system))

/** Returns a system's name as tables and plots show it. */
export const marked = (system: string, withErrors: ReadonlySet<string>): string => (withErrors.has(system) ? `${system} !` : system)
