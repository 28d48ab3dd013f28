import { spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, statSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import type { FileLock } from './lock.ts'

/** `open` of macOS and the BSDs takes a lock like flock(2) with it. Node does not name this flag. */
const O_EXLOCK = 0x20
/** `open` of libuv on Windows shares the file with nobody. */
const UV_FS_O_EXLOCK = 0x1000_0000
/** `flock -n` waits for nobody, but a file system may. */
const FLOCK_TIMEOUT_MS = 10_000

/**
 * A lock on a file or a folder itself, not on a name: whoever comes by another name, by a link or after a renaming meets
 * it, and nobody needs the right to write. It ends with this process, however that ends.
 */
export interface InodeLock extends FileLock {
  /** Tells what was locked from everything else on this machine. */
  readonly identity: string
  /** Whether the path still leads to what was locked: it may have been moved, removed or replaced. */
  isInPlace(): boolean
}

/**
 * Locks a folder. Undefined when another process has it.
 * @throws Error in words when nobody can know whether the lock would hold.
 */
export function lockFolder(path: string): InodeLock | undefined {
  switch (process.platform) {
    case 'win32':
      // A folder cannot be held there; but a file in it, which nobody can remove meanwhile.
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
 * Locks the database file at `path`, beside SQLite's own locks. Undefined when another process has it. Take it before
 * SQLite opens the file and let go after it has closed it: closing any descriptor of a file ends SQLite's locks on it.
 * Only Linux tells this kind of lock from SQLite's. On Windows nobody can remove or rename a file that is open; on macOS
 * only what comes by another name is not met.
 * @throws Error in words when nobody can know whether the lock would hold.
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

/** The {@link InodeLock.identity} of what stands at the path; undefined when nothing can be seen there. */
export function identityAt(path: string): string | undefined {
  try {
    return identityOf(statSync(path, { bigint: true }))
  } catch {
    return undefined
  }
}

/** A descriptor that came with its lock; undefined when another one has it. */
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
 * A descriptor with the lock of flock(2), which Node itself cannot take: the command of that name locks the open file
 * that it is handed, and the lock stays with that when the command has ended.
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

/** Whether the lock was got. */
function flock(descriptor: number): boolean {
  const stdio = ['ignore', 'ignore', 'pipe', descriptor] as const
  const run = spawnSync('flock', ['-x', '-n', '3'], { stdio: [...stdio], encoding: 'utf8', timeout: FLOCK_TIMEOUT_MS })
  if (run.status === 0) return true
  const words = run.stderr?.trim() ?? ''
  // It says nothing when another one has the lock.
  if (run.status === 1 && words === '') return false
  if ((run.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new Error('the command flock is not there, and nothing else takes such a lock: install util-linux or busybox')
  }
  throw new Error(`flock fails: ${run.error?.message ?? (words || `it ended with ${run.signal ?? run.status}`)}`)
}
