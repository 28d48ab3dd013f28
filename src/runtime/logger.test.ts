import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const LOGGER = new URL('logger.ts', import.meta.url).href
const LIFECYCLE = new URL('lifecycle.ts', import.meta.url).href

/** Runs a module whose standard output goes to a file. Returns the exit code. */
function run(script: string, output: number): number | null {
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', output, 'ignore'] }).status
}

test('a line is JSON with the name of the process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-logger-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'log')
  run(`import { jsonLogger } from '${LOGGER}'; jsonLogger('me', 'info').warn({ at: 1 }, 'hello')`, openSync(path, 'w'))
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ name: 'me', level: 40, at: 1, msg: 'hello' })
})

test.runIf(existsSync('/dev/full'))('on a full disk lines are lost, and the process goes on', () => {
  const full = openSync('/dev/full', 'w')
  const logs = `import { jsonLogger } from '${LOGGER}'; const log = jsonLogger('me', 'info');`
  expect(run(`${logs} for (let i = 0; i < 20_000; i += 1) log.info({ i }, 'line'); process.exitCode = 5`, full)).toBe(5)
  const halts = `import { runProcess } from '${LIFECYCLE}'; runProcess({ name: 'me', logLevel: 'info' }, async ({ halt }) => halt('why'))`
  expect(run(halts, full)).toBe(70)
})
