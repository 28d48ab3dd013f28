import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unprivileged } from '../../../../test/unprivileged.ts'
import { lockDataFile, lockFolder } from './inode-lock.ts'
import { lockFile } from './lock.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bazaar-lock-'))
  path = join(folder, 'a.db')
  writeFileSync(path, '')
})
afterEach(() => rmSync(folder, { recursive: true }))

const moduleUrl = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/** Returns the output of another process that runs `expression`, or the message of the error that it throws. */
function elsewhere(expression: string, user = {}): string {
  const script = `
    import { lockFile } from ${moduleUrl('./lock.ts')}
    import { lockDataFile, lockFolder } from ${moduleUrl('./inode-lock.ts')}
    try { console.log(${expression}) } catch (error) { console.log(error.message) }`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: '/', ...user })
  return stdout.trim() || stderr
}

const text = (words: string) => JSON.stringify(words)

test('the lock of a place is held until it is let go of', () => {
  const lock = lockFile(path)
  expect(elsewhere(`lockFile(${text(path)})`)).toContain('a.db is in use')
  lock.release()
  lock.release()
  expect(elsewhere(`typeof lockFile(${text(path)}).release`)).toBe('function')
})

test('two in one process exclude each other, too', () => {
  const lock = lockFile(path)
  expect(() => lockFile(path)).toThrow('is in use')
  lock.release()
})

test.skipIf(!unprivileged)('a lock file that cannot be written is no lock, and says what to do', () => {
  const lock = lockFile(path)
  chmodSync(`${path}.lock`, 0o444)
  chmodSync(folder, 0o755)
  expect(elsewhere(`lockFile(${text(path)})`, unprivileged)).toContain('a.db is in use')
  lock.release()
  expect(elsewhere(`lockFile(${text(path)})`, unprivileged)).toMatch(/cannot be locked: .*a\.db\.lock cannot be written.* or remove/)
})

test.skipIf(process.platform !== 'linux')('a data file is locked by whatever name, until it is let go of', () => {
  const lock = lockDataFile(path)
  expect(lock?.isInPlace()).toBe(true)
  symlinkSync(path, join(folder, 'symlink'))
  linkSync(path, join(folder, 'link'))
  const taken = (name: string) => elsewhere(`lockDataFile(${text(join(folder, name))}) === undefined`)
  expect(['a.db', 'symlink', 'link'].map(taken)).toEqual(['true', 'true', 'true'])
  renameSync(path, join(folder, 'b.db'))
  expect(lock?.isInPlace()).toBe(false)
  expect(taken('b.db')).toBe('true')
  writeFileSync(path, '')
  expect(lock?.isInPlace()).toBe(false)
  expect(taken('a.db')).toBe('false')
  renameSync(join(folder, 'b.db'), path)
  expect(lock?.isInPlace()).toBe(true)
  lock?.release()
  lock?.release()
  expect(taken('a.db')).toBe('false')
})

test.skipIf(process.platform === 'win32')('a folder is locked without the right to write, wherever it is moved', () => {
  const lock = lockFolder(folder)
  chmodSync(folder, 0o555)
  const moved = `${folder}-moved`
  const taken = (at: string) => elsewhere(`lockFolder(${text(at)}) === undefined`, unprivileged)
  if (unprivileged?.uid !== undefined) chownSync(folder, unprivileged.uid, unprivileged.uid)
  expect(taken(folder)).toBe('true')
  renameSync(folder, moved)
  expect(lock?.isInPlace()).toBe(false)
  expect(taken(moved)).toBe('true')
  renameSync(moved, folder)
  lock?.release()
  expect(taken(folder)).toBe('false')
  chmodSync(folder, 0o755)
})

test.skipIf(process.platform !== 'linux')('without the command that takes it there is no lock, and no start', () => {
  const bare = { env: { PATH: folder } }
  expect(elsewhere(`lockFolder(${text(folder)})`, bare)).toContain('install util-linux or busybox')
  const failing = join(folder, 'flock')
  writeFileSync(failing, '#!/bin/sh\necho "flock: 3: Bad file descriptor" >&2\nexit 1\n', { mode: 0o755 })
  expect(elsewhere(`lockFolder(${text(folder)})`, bare)).toContain('flock fails: flock: 3: Bad file descriptor')
})
