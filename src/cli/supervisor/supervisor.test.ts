import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import type { ProcessEvent } from './kept-process.ts'
import { isAlive } from './process-identity.ts'
import { Supervisor, type SupervisorOptions } from './supervisor.ts'

let logFolder: string
let supervisor: Supervisor
let events: ProcessEvent[]
beforeEach(() => {
  logFolder = mkdtempSync(join(tmpdir(), 'bazaar-supervisor-'))
  events = []
})
afterEach(async () => {
  supervisor.kill()
  await supervisor.stop()
  rmSync(logFolder, { recursive: true })
})

const SERVES = `
  for (const request of ['SIGTERM', 'disconnect']) process.on(request, () => process.exit(0))
  setInterval(() => {}, 1e6)
`

const spawnScript: NonNullable<SupervisorOptions['spawn']> = ({ args }, output) =>
  spawn(process.execPath, ['-e', args[0] ?? ''], { stdio: ['ignore', output, output, 'ipc'], detached: true })

/** Supervises one process a script, stopped in that order. */
function supervise(scripts: Record<string, string>, start = spawnScript, obstacle = (): string | undefined => undefined): void {
  supervisor = new Supervisor({
    plans: Object.entries(scripts).map(([name, script], stopStage) => ({
      name,
      address: 'h:1',
      args: [script],
      stopStage,
    })),
    logFolder,
    clock: systemClock,
    tell: (event) => events.push(event),
    spawn: start,
    obstacle,
  })
  supervisor.start()
}

const pids = (): number[] => supervisor.states().map(({ pid }) => pid ?? 0)
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 20 })

test('starts again what was killed', async () => {
  supervise({ a: SERVES })
  const [before = 0] = pids()
  process.kill(before, 'SIGKILL')
  await until(() => expect(supervisor.states()[0]).toMatchObject({ restarts: 1, pid: expect.any(Number) }))
  expect(pids()[0]).not.toBe(before)
  expect(events.map((event) => event.kind)).toEqual(['started', 'died', 'started'])
  expect(events[1]).toMatchObject({ name: 'a', how: 'killed by SIGKILL', delayMs: 100 })
})

test('starts again what was killed when its folder of logs is gone', async () => {
  supervise({ a: SERVES })
  const [before = 0] = pids()
  rmSync(logFolder, { recursive: true })
  process.kill(before, 'SIGKILL')
  await until(() => expect(supervisor.states()[0]).toMatchObject({ restarts: 1, pid: expect.any(Number) }))
})

test('starts without a log what has none, and tells it', async () => {
  mkdirSync(join(logFolder, 'a.log'))
  supervise({ a: SERVES })
  expect(events.map(({ kind }) => kind)).toEqual(['log-trouble', 'started'])
  expect(events[0]).toMatchObject({ name: 'a', why: expect.stringContaining('EISDIR') })
})

test('starts nothing while there is an obstacle, and goes on when it is gone', async () => {
  let obstacle: string | undefined = 'the folder is not there'
  supervise({ a: SERVES }, spawnScript, () => obstacle)
  await until(() => expect(events).toHaveLength(2))
  expect(events[0]).toMatchObject({ kind: 'died', how: 'the folder is not there' })
  expect(pids()).toEqual([0])
  obstacle = undefined
  await until(() => expect(pids()[0]).toBeGreaterThan(0))
})

test('tries again what cannot be started', async () => {
  const starts = [() => { throw new Error('no more descriptors') }, () => spawn(process.execPath, ['-e', SERVES], { detached: true })]
  supervise({ a: SERVES }, () => (starts.shift() ?? starts[0]!)())
  await until(() => expect(supervisor.states()[0]).toMatchObject({ restarts: 1, pid: expect.any(Number) }))
  expect(events[0]).toMatchObject({ kind: 'died', how: 'no more descriptors' })
})

test('tells the last words of what keeps dying', async () => {
  supervise({ a: `console.log('{"level":50,"msg":"the port is taken"}'); process.exit(1)` })
  await until(() => expect(events.map((event) => event.kind)).toContain('keeps-dying'))
  expect(events.at(-1)).toMatchObject({ how: 'exit code 1', times: 3, lastWords: 'the port is taken' })
})

test('stops all, a paused one too, in order', async () => {
  supervise({ first: SERVES, second: SERVES })
  const started = pids()
  await new Promise((resolve) => setTimeout(resolve, 300))
  process.kill(started[1] ?? 0, 'SIGSTOP')
  await supervisor.stop()
  expect(started.map(isAlive)).toEqual([false, false])
  expect(supervisor.states().map(({ pid }) => pid)).toEqual([null, null])
  expect(events).toHaveLength(2)
})

test('does not start again after stop what was waiting for its turn', async () => {
  supervise({ a: 'process.exit(1)' })
  await until(() => expect(events.map((event) => event.kind)).toContain('died'))
  await supervisor.stop()
  const before = events.length
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(events).toHaveLength(before)
})
