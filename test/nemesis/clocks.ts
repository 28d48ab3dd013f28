import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARY_FOLDERS = '/usr/lib'
const LIBRARY = 'faketime/libfaketimeMT.so.1'
const OFFSET_FILE = 'clock-offset'

/** How a wall clock differs from the real one. */
export interface ClockFault {
  readonly offsetMs: number
  /** Its seconds in one real second. */
  readonly rate: number
}

const RIGHT_CLOCK: ClockFault = { offsetMs: 0, rate: 1 }

/** Returns the library of Debian's package libfaketime, if it is installed. */
export function findFaketime(): string | undefined {
  if (!existsSync(LIBRARY_FOLDERS)) return undefined
  const folders = ['.', ...readdirSync(LIBRARY_FOLDERS)].map((folder) => join(LIBRARY_FOLDERS, folder, LIBRARY))
  return folders.find((path) => existsSync(path))
}

/** Returns the environment with which {@link setClock} can set a process's wall clock. Its monotonic clock stays real. */
export function clockEnvironment(folder: string): Readonly<Record<string, string>> {
  setClock(folder, RIGHT_CLOCK)
  return {
    FAKETIME_TIMESTAMP_FILE: join(folder, OFFSET_FILE),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1', // The name before version 0.9.9.
    NO_FAKE_STAT: '1',
  }
}

/**
 * Sets the wall clock of the process with this folder, at once and for every process started there later. The effect of a
 * rate counts from the process's start, so a new rate also moves the clock a little. A rate stays until another one is given,
 * so one is always given. A rate below 1 stretches the process's timers by as much, which only makes them late.
 */
export function setClock(folder: string, { offsetMs, rate }: ClockFault): void {
  writeFileSync(join(folder, OFFSET_FILE), `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1000} x${rate}`)
}
