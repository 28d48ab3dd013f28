import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { asFailure } from './sqlite-error.ts'

/** With less room on the disk the file counts as full. The reserve is large because the room is looked at only now and then. */
const ROOM_MIN_BYTES = 33_554_432
/** Size of the file that is written as a trial. */
const PROBE_BYTES = 1_048_576
const FULL = 'the disk is full'

/**
 * Returns why nothing more should be written to the file at `path`, as its disk tells, or undefined when there is room. The
 * disk of the folder is asked as well: the write-ahead log lies there, and a single file can be mounted from another disk.
 */
export function whyNoRoom(path: string): string | undefined {
  try {
    return isFull(path) || isFull(dirname(path)) ? FULL : undefined
  } catch (error) {
    throw asFailure(path, error)
  }
}

function isFull(place: string): boolean {
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize < ROOM_MIN_BYTES
}

/**
 * Does the same, and tries as well whether a file can be made and filled beside it. Only a trial shows a quota, or a disk
 * that takes no more files. Throws a StorageFailure when the trial fails for a reason that more room would not mend.
 */
export function whyNotWritable(path: string): string | undefined {
  const why = whyNoRoom(path)
  if (why !== undefined) return why
  const probe = `${path}.probe`
  try {
    fill(probe)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC') return FULL
    if (code === 'EDQUOT') return 'the quota of the disk is used up'
    throw asFailure(probe, error)
  } finally {
    rmSync(probe, { force: true })
  }
}

function fill(probe: string): void {
  const descriptor = openSync(probe, 'w')
  try {
    writeFileSync(descriptor, Buffer.alloc(PROBE_BYTES))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
