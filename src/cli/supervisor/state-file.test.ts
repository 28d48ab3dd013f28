import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { identityAt } from '../../storage/embedded/file/inode-lock.ts'
import { endWhatIsLeft } from './folder.ts'
import { birthOf } from './process-identity.ts'
import { readRunningState, readUpState, writeUpState, type UpState } from './state-file.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'bazaar-state-'))
})
afterEach(() => rmSync(data, { recursive: true }))

const stateOf = (changes: Partial<UpState> = {}): UpState => ({
  pid: process.pid,
  bornAt: birthOf(process.pid) ?? '',
  startedAt: '2026-11-28T00:00:00.000Z',
  frontEnd: '127.0.0.1:56893',
  folder: identityAt(data) ?? '',
  processes: [],
  ...changes,
})

const textOf = (state: object): string => JSON.stringify({ format: 1, ...state })

test('what was written is read, and shows that its writer runs', () => {
  expect(readUpState(data)).toEqual({ kind: 'none' })
  writeUpState(data, stateOf())
  expect(readUpState(data)).toMatchObject({ kind: 'read', state: stateOf() })
  expect(readRunningState(data)).toMatchObject({ frontEnd: '127.0.0.1:56893' })
})

test('a writer that has ended does not run, though another process has its pid by now', () => {
  writeUpState(data, stateOf({ bornAt: '1' }))
  expect(readUpState(data).kind).toBe('read')
  expect(readRunningState(data)).toBeUndefined()
})

const process_ = { name: 'order-1', address: 'a:1', pid: 1, bornAt: '5', restarts: 0, args: ['order'] }
test.each([
  ['empty', ''],
  ['no JSON', '{"format": 1, '],
  ['no object', '7'],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['of an older program', '{"pid": 1, "frontEnd": "127.0.0.1:1", "processes": []}'],
  ['without processes', textOf(stateOf({ processes: undefined as never }))],
  ['with a pid that stands for all processes', textOf(stateOf({ processes: [{ ...process_, pid: -1 }] }))],
  ['with a pid that stands for a group', textOf(stateOf({ processes: [{ ...process_, pid: 0 }] }))],
  ['with a process that is none', textOf(stateOf({ processes: [null as never] }))],
  ['with a front end that is none', textOf(stateOf({ frontEnd: 'nowhere' }))],
])('%s: it is named, and nothing is done with it', async (_, text) => {
  writeFileSync(join(data, 'up.json'), text)
  expect(readUpState(data)).toMatchObject({ kind: 'unusable', why: expect.stringContaining('up.json is not what this program writes') })
  expect(readRunningState(data)).toBeUndefined()
  const said: string[] = []
  await endWhatIsLeft(data, systemClock, (line) => said.push(line))
  expect(said).toEqual([expect.stringContaining('nothing is ended because of it')])
})

test('a file of a newer program is refused as such', () => {
  writeFileSync(join(data, 'up.json'), JSON.stringify({ format: 2, processes: 'elsewhere' }))
  expect(readUpState(data)).toMatchObject({ kind: 'unusable', why: expect.stringContaining('newer program') })
})

test('a folder in the place of the file cannot be read', () => {
  mkdirSync(join(data, 'up.json'))
  expect(readUpState(data)).toMatchObject({ kind: 'unusable', why: expect.stringContaining('EISDIR') })
})

test('a copy of a folder has no system that runs on it', () => {
  writeUpState(data, stateOf())
  const copy = join(data, 'copy')
  cpSync(join(data, 'up.json'), join(copy, 'up.json'))
  expect(readUpState(copy)).toMatchObject({ kind: 'unusable', why: expect.stringContaining('tells of another folder') })
})

test('a process is not ended while its supervisor lives, nor when it is not the one that was written down', async () => {
  const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)', 'bazaar.js', 'order'])
  const supervisor = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])
  await Promise.all([victim, supervisor].map((child) => once(child, 'spawn')))
  try {
    const { pid = 0 } = supervisor
    const left = { ...process_, pid: victim.pid ?? 0, bornAt: birthOf(victim.pid ?? 0) ?? '' }
    writeUpState(data, stateOf({ pid, bornAt: birthOf(pid) ?? '', processes: [left] }))
    await expect(endWhatIsLeft(data, systemClock, () => {})).rejects.toThrow(/in use by another `bazaar up` \(pid \d+\)/)
    supervisor.kill('SIGKILL')
    await once(supervisor, 'exit')
    const other = { ...left, bornAt: '1' }
    writeUpState(data, stateOf({ pid, bornAt: '1', processes: [other] }))
    await endWhatIsLeft(data, systemClock, () => {})
    expect([victim.exitCode, victim.signalCode]).toEqual([null, null])
    writeUpState(data, stateOf({ pid, bornAt: '1', processes: [left] }))
    const said: string[] = []
    const ending = endWhatIsLeft(data, systemClock, (line) => said.push(line))
    victim.kill('SIGTERM')
    await ending
    expect(said).toEqual(['Ended what an earlier run had left: order-1.'])
    expect(() => readFileSync(join(data, 'up.json'))).toThrow('ENOENT')
  } finally {
    for (const child of [victim, supervisor]) child.kill('SIGKILL')
  }
})
