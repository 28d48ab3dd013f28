import { spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, statSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import type { FileLock } from './lock.ts'

/** With this flag, `open` of macOS and the BSDs takes a lock like flock(2). Node has no name for the flag. */
const O_EXLOCK = 0x20
/** With this flag, `open` of libuv on Windows shares the file with nobody. */
const UV_FS_O_EXLOCK = 0x1000_0000
/** `flock -n` waits for nobody, but a file system may. */
const FLOCK_TIMEOUT_MS = 10_000

/**
 * A lock on a file or a folder itself, and not on its name. A process that uses another name, a link or the name after a
 * renaming meets the lock as well. Taking the lock needs no permission to write. The lock ends with this process, however the
 * process ends.
 */
export interface InodeLock extends FileLock {
  /** Names the locked file or folder uniquely on this machine. */
  readonly identity: string
  /** Says whether the path still leads to the locked file. The file may have been moved, removed or replaced. */
  isInPlace(): boolean
}

/**
 * Locks a folder. Returns undefined when another process has locked it.
 * @throws Error when it cannot be known whether the lock would hold. Its message says why.
 */
export function lockFolder(path: string): InodeLock | undefined {
  switch (process.platform) {
    case 'win32':
      // Windows cannot lock a folder. A file in the folder is locked instead: nobody can remove it while it is open.
      return lockOf(
        path,
        () => opened(join(path, 'up.lock'), constants.O_RDWR | constants.O_CREAT | UV_FS_O_EXLOCK),
        () => identityAt(path) ?? '',
      )
    case 'darwin':
    case 'freebsd':
    case 'openbsd':
      return lockOf(path, () => opened(path, constants.O_RDONLY | constants.O_NONBLOCK | O_EXLOCK))
    default:
      return lockOf(path, () => flocked(path))
  }
}

/**
 * Locks the database file at `path`, in addition to SQLite's own locks. Returns undefined when another process has locked
 * it. Take the lock before SQLite opens the file, and release it after SQLite has closed the file: closing any descriptor
 * of a file ends SQLite's locks on it.
 * Only Linux keeps this kind of lock and SQLite's apart. Windows needs less: nobody can remove or rename an open file there.
 * On macOS, a process that uses another name of the file does not meet the lock.
 * @throws Error when it cannot be known whether the lock would hold. Its message says why.
 */
export function lockDataFile(path: string): InodeLock | undefined {
  const separate = process.platform === 'linux' || process.platform === 'android'
  return lockOf(path, () => (separate ? flocked(path) : opened(path, constants.O_RDONLY)))
}

function lockOf(path: string, open: () => number | undefined, look = lookThrough): InodeLock | undefined {
  const descriptor = open()
  if (descriptor === undefined) return undefined
  const identity = look(descriptor)
  let held = true
  return {
    identity,
    isInPlace: () => identityAt(path) === identity,
    release: () => {
      if (held) closeSync(descriptor)
      held = false
    },
  }
}

const identityOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`

const lookThrough = (descriptor: number): string => identityOf(fstatSync(descriptor, { bigint: true }))

/** Returns the {@link InodeLock.identity} of the file or folder at the path, or undefined when nothing can be seen there. */
export function identityAt(path: string): string | undefined {
  try {
    return identityOf(statSync(path, { bigint: true }))
  } catch {
    return undefined
  }
}

/** Opens the path and locks it in one call. Returns undefined when another process has locked it. */
function opened(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN' || code === 'EBUSY') return undefined
    throw error
  }
}

/**
 * Opens the path and takes the lock of flock(2). Node cannot take this lock itself. So the command `flock` gets the open
 * file and locks it; the lock stays with the open file when the command has ended.
 */
function flocked(path: string): number | undefined {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (flock(descriptor)) return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  closeSync(descriptor)
  return undefined
}

/** Tries to take the lock. Says whether the lock was taken. */
function flock(descriptor: number): boolean {
  const stdio = ['ignore', 'ignore', 'pipe', descriptor] as const
  const run = spawnSync('flock', ['-x', '-n', '3'], { stdio: [...stdio], encoding: 'utf8', timeout: FLOCK_TIMEOUT_MS })
  if (run.status === 0) return true
  const words = run.stderr?.trim() ?? ''
  // The command prints nothing when another process has the lock.
  if (run.status === 1 && words === '') return false
  if ((run.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new Error('the command flock is not there, and nothing else takes such a lock: install util-linux or busybox')
  }
  throw new Error(`flock fails: ${run.error?.message ?? (words || `it ended with ${run.signal ?? run.status}`)}`)
}
