import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../runtime/clock.ts'
import type { ProcessEvent } from './kept-process.ts'
import { isAlive } from './process-identity.ts'
import { Supervisor, type SupervisorOptions } from './supervisor.ts'

let logFolder: string
let supervisor: Supervisor
let events: ProcessEvent[]
beforeEach(() => {
  logFolder = mkdtempSync(join(tmpdir(), 'bazaar-supervisor-'))
  events = []
  waits = 0
})
afterEach(async () => {
  supervisor.kill()
  await supervisor.stop()
  rmSync(logFolder, { recursive: true })
})

const SERVES = `
  console.log('serves')
  for (const request of ['SIGTERM', 'disconnect']) process.on(request, () => process.exit(0))
  setInterval(() => {}, 1e6)
`
/** The number of callbacks that {@link countingClock} still has to make. */
let waits: number
const countingClock: Clock = {
  ...systemClock,
  after: (delayMs, run) => {
    let isOver = false
    const end = () => {
      if (!isOver) waits -= 1
      isOver = true
    }
    waits += 1
    const timer = systemClock.after(delayMs, () => {
      end()
      run()
    })
    return {
      cancel: () => {
        end()
        timer.cancel()
      },
    }
  },
}

const spawnScript: NonNullable<SupervisorOptions['spawn']> = ({ args }, output) =>
  spawn(process.execPath, ['-e', args[0] ?? ''], { stdio: ['ignore', output, output, 'ipc'], detached: true })

/** Supervises one process for each script. They are stopped in the order of the scripts. */
function supervise(scripts: Record<string, string>, start = spawnScript, obstacle = (): string | undefined => undefined): void {
  supervisor = new Supervisor({
    plans: Object.entries(scripts).map(([name, script], stopStage) => ({
      name,
      address: 'h:1',
      args: [script],
      stopStage,
    })),
    logFolder,
    clock: countingClock,
    tell: (event) => events.push(event),
    spawn: start,
    obstacle,
  })
  supervisor.start()
}

const pids = (): number[] => supervisor.states().map(({ pid }) => pid ?? 0)
const kindsSeen = (): string[] => events.map(({ kind }) => kind)
/** Waits until the first process was restarted so many times and runs. */
const untilRestarted = (restarts: number): Promise<unknown> =>
  expect.poll(() => supervisor.states()[0]).toMatchObject({ restarts, pid: expect.any(Number) })

test('starts a killed process again', async () => {
  supervise({ a: SERVES })
  const [before = 0] = pids()
  process.kill(before, 'SIGKILL')
  await untilRestarted(1)
  expect(pids()[0]).not.toBe(before)
  expect(kindsSeen()).toEqual(['started', 'died', 'started'])
  expect(events[1]).toMatchObject({ name: 'a', how: 'killed by SIGKILL', delayMs: 100 })
})

test('starts a killed process again when its folder of logs is gone', async () => {
  supervise({ a: SERVES })
  const [before = 0] = pids()
  rmSync(logFolder, { recursive: true })
  process.kill(before, 'SIGKILL')
  await untilRestarted(1)
})

test('starts a process whose log cannot be opened, and says so', async () => {
  mkdirSync(join(logFolder, 'a.log'))
  supervise({ a: SERVES })
  expect(events.map(({ kind }) => kind)).toEqual(['log-trouble', 'started'])
  expect(events[0]).toMatchObject({ name: 'a', why: expect.stringContaining('EISDIR') })
})

test('starts nothing while there is an obstacle, and goes on when it is gone', async () => {
  let obstacle: string | undefined = 'the folder is not there'
  supervise({ a: SERVES }, spawnScript, () => obstacle)
  await expect.poll(() => events.length).toBeGreaterThanOrEqual(2)
  expect(events[0]).toMatchObject({ kind: 'died', how: 'the folder is not there' })
  expect(pids()).toEqual([0])
  obstacle = undefined
  await expect.poll(() => pids()[0]).toBeGreaterThan(0)
})

test('tries again to start a process that could not be started', async () => {
  const starts = [
    () => {
      throw new Error('no more descriptors')
    },
    () => spawn(process.execPath, ['-e', SERVES], { detached: true }),
  ]
  supervise({ a: SERVES }, () => (starts.shift() ?? starts[0]!)())
  await untilRestarted(1)
  expect(events[0]).toMatchObject({ kind: 'died', how: 'no more descriptors' })
})

test('tells the last words of a process that keeps dying', async () => {
  supervise({ a: `console.log('{"level":50,"msg":"the port is taken"}'); process.exit(1)` })
  await expect.poll(kindsSeen).toContain('keeps-dying')
  expect(events.find(({ kind }) => kind === 'keeps-dying')).toMatchObject({ how: 'exit code 1', times: 3, lastWords: 'the port is taken' })
})

test('stops all processes in order, a paused one too', async () => {
  supervise({ first: SERVES, second: SERVES })
  const started = pids()
  for (const name of ['first', 'second']) await expect.poll(() => readFileSync(join(logFolder, `${name}.log`), 'utf8')).toContain('serves')
  process.kill(started[1] ?? 0, 'SIGSTOP')
  await supervisor.stop()
  expect(started.map(isAlive)).toEqual([false, false])
  expect(supervisor.states().map(({ pid }) => pid)).toEqual([null, null])
  expect(events).toHaveLength(2)
})

test('starts no process after stop that was waiting for its turn', async () => {
  supervise({ a: 'process.exit(1)' })
  await expect.poll(() => kindsSeen().at(-1)).toBe('died')
  expect(waits).toBe(1)
  await supervisor.stop()
  expect(waits).toBe(0)
  expect(kindsSeen().at(-1)).toBe('died')
})
