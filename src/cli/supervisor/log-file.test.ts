import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unprivileged } from '../../../test/unprivileged.ts'
import { LogFile } from './log-file.ts'

const LARGE = 20_000_000
let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bazaar-log-'))
  path = join(folder, 'a.log')
  writeFileSync(path, '')
  truncateSync(path, LARGE)
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a large log is moved aside, and its writer goes on in the same file', () => {
  const { ino } = statSync(path)
  expect(new LogFile(path, 'a').rotateWhenLarge()).toBeUndefined()
  expect(statSync(path)).toMatchObject({ ino, size: 0 })
  expect(statSync(`${path}.1`).size).toBe(LARGE)
})

test('a log that is not there, or has no folder, is no trouble', () => {
  expect(new LogFile(join(folder, 'none.log'), 'a').rotateWhenLarge()).toBeUndefined()
  expect(new LogFile(join(path, 'none.log'), 'a').lastWords()).toBe('')
})

test.skipIf(!unprivileged)('a log that cannot be cut is not copied again and again, and says why', () => {
  chmodSync(path, 0o444)
  chmodSync(folder, 0o777)
  if (unprivileged?.uid !== undefined) chownSync(path, unprivileged.uid, unprivileged.uid)
  const script = `
    import { LogFile } from ${JSON.stringify(new URL('./log-file.ts', import.meta.url).href)}
    console.log(new LogFile(${JSON.stringify(path)}, 'a').rotateWhenLarge())`
  const options = { encoding: 'utf8', cwd: '/', ...unprivileged } as const
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options)
  expect(stdout, stderr).toContain('EACCES')
  expect(existsSync(`${path}.1`)).toBe(false)
})

/** The test runs in a process of its own. A process that opens a pipe waits for ever, and could not end the test. */
test.skipIf(process.platform === 'win32')('nobody waits for a pipe in the place of a log, the journal or the state', () => {
  const data = join(folder, 'data')
  spawnSync('mkdir', [data])
  for (const name of ['a.log', 'supervisor.log', 'up.json']) spawnSync('mkfifo', [join(data, name)])
  const at = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
  const program = `
    const { LogFile } = await import(${at('./log-file.ts')})
    const { writeToJournal } = await import(${at('./journal.ts')})
    const { readUpState } = await import(${at('./state-file.ts')})
    const refusalOf = (act) => { try { act() } catch (error) { return error.message } }
    const log = new LogFile(${JSON.stringify(join(data, 'a.log'))}, 'a')
    const clock = { wallMs: () => 0 }
    console.log(refusalOf(() => log.openForRun()))
    console.log(refusalOf(() => writeToJournal(${JSON.stringify(join(data, 'supervisor.log'))}, { kind: 'started', name: 'a', pid: 1, restarts: 0 }, clock)))
    console.log(readUpState(${JSON.stringify(data)}).why)
    console.log('[' + log.lastWords() + ']')`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 })
  expect({ lines: stdout.split('\n'), stderr }).toEqual({
    lines: [
      `${join(data, 'a.log')} is a pipe, where a file belongs`,
      `${join(data, 'supervisor.log')} is a pipe, where a file belongs`,
      expect.stringContaining('is a pipe, where a file belongs'),
      '[]',
      '',
    ],
    stderr: '',
  })
})
