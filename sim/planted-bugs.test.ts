import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'
import type { PlantedBug } from './planted-bug.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { plant } from './planting.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** Divides the bugs among programs, so that no file of a program has two. */
function programsOf(bugs: readonly PlantedBug[]): ReadonlyMap<string, PlantedBug>[] {
  const programs: Map<string, PlantedBug>[] = []
  for (const bug of bugs) {
    const path = ROOT + bug.file
    let program = programs.find((each) => !each.has(path))
    if (!program) programs.push((program = new Map()))
    program.set(path, bug)
  }
  return programs
}

/** Returns the compiler's messages about each file with a bug in it. */
function complaints(): string[] {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  // The code that a bug leaves out may have been the only use of a name.
  const lenient = { ...options, noUnusedLocals: false, noUnusedParameters: false }
  const host = ts.createCompilerHost(lenient)
  const asItIs = host.getSourceFile.bind(host)
  const files = new Map<string, ts.SourceFile | undefined>()
  const complained: string[] = []
  let before: ts.Program | undefined
  for (const bugs of programsOf(PLANTED_BUGS)) {
    host.getSourceFile = (path, language) => {
      const bug = bugs.get(path)
      if (bug) return ts.createSourceFile(path, plant(readFileSync(path, 'utf8'), bug), language, true)
      if (!files.has(path)) files.set(path, asItIs(path, language))
      return files.get(path)
    }
    const program = ts.createProgram([...bugs.keys()], lenient, host, before)
    before = program
    for (const [path, { name }] of bugs) {
      const file = program.getSourceFile(path)
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      complained.push(...found.map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`))
    }
  }
  return complained
}

test('a planted bug breaks a rule of the design, not the language: the compiler takes it', () => {
  expect(complaints()).toEqual([])
})

test('docs/testing.md tells of each planted bug in its own words', () => {
  const page = readFileSync(`${ROOT}docs/testing.md`, 'utf8')
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| (.+?) \| [^|]+ \|$/gm)].map(([, name, what]) => [name, what])
  const told = new Map(rows.filter(([name]) => PLANTED_BUGS.some((bug) => bug.name === name)) as [string, string][])
  const missing = PLANTED_BUGS.filter(({ name, what }) => told.get(name) !== what).map(({ name }) => name)
  expect(missing).toEqual([])
})
