import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LogFollower } from './log-follower.ts'

let folder: string
let log: string
let written: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bazaar-logs-'))
  log = join(folder, 'order-1.log')
  written = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Adds lines, as a process does that has the file open. */
function write(path: string, ...messages: readonly string[]): void {
  for (const msg of messages) appendFileSync(path, `${JSON.stringify({ time: (written += 1), level: 30, msg })}\n`)
}

/** Returns a follower that has read everything so far. */
function follow(...names: readonly string[]): { added: () => string[]; first: string[] } {
  const follower = new LogFollower(folder, names.length > 0 ? names : undefined)
  const first = follower.readAll().map(({ message }) => message)
  return { first, added: () => follower.readAdded().map(({ message }) => message) }
}

test('a log is read as it grows, line by line', () => {
  write(log, 'a')
  appendFileSync(log, '{"time": 2, "msg": "b')
  const { first, added } = follow()
  expect(first).toEqual(['a'])
  expect(added()).toEqual([])
  appendFileSync(log, 'é"}\n')
  expect(added()).toEqual(['bé'])
})

test('a rotated log is shown, whatever its name, and is followed while its process still writes to it', () => {
  write(join(folder, 'order-1.log-20261127'), 'a')
  write(join(folder, 'order-1.log.1'), 'b')
  writeFileSync(join(folder, 'order-1.log.2.gz'), 'compressed')
  write(log, 'c')
  const { first, added } = follow()
  expect(first).toEqual(['a', 'b', 'c'])
  write(join(folder, 'order-1.log.1'), 'd')
  expect(added()).toEqual(['d'])
})

test('a log that is renamed is followed, as its process writes on, and so is the new one', () => {
  write(log, 'a')
  const { added } = follow('order-1')
  renameSync(log, `${log}.1`)
  write(`${log}.1`, 'b')
  expect(added()).toEqual(['b'])
  write(log, 'c') // Its process was started again.
  write(`${log}.1`, 'd')
  expect(added()).toEqual(['c', 'd'])
  renameSync(`${log}.1`, `${log}.2`)
  renameSync(log, `${log}.1`)
  write(`${log}.2`, 'e')
  write(`${log}.1`, 'f')
  expect(added()).toEqual(['e', 'f'])
})

test.each(['a new copy', 'a copy over an earlier one'])('a log that is copied and emptied is shown once and in full: %s', (what) => {
  if (what !== 'a new copy') write(`${log}.1`, 'older')
  write(log, 'a')
  const { added } = follow()
  write(log, 'b')
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  expect(added()).toEqual(['b'])
  write(log, 'c')
  expect(added()).toEqual(['c'])
})

test('a log that was emptied and has grown beyond what was read is read from its start', () => {
  write(log, 'a')
  const { added } = follow()
  truncateSync(log)
  write(log, 'b', 'c', 'd')
  expect(added()).toEqual(['b', 'c', 'd'])
})

test('a folder that is removed for a while ends nothing', () => {
  write(log, 'a')
  const { added } = follow()
  renameSync(folder, `${folder}-away`)
  expect(added()).toEqual([])
  renameSync(`${folder}-away`, folder)
  write(log, 'b')
  expect(added()).toEqual(['b'])
})

test('a time that no date can have ends nothing', () => {
  appendFileSync(log, '{"time": 1e300, "msg": "a"}\n')
  expect(new LogFollower(folder).readAll()[0]?.timeMs).toBe(0)
})
