import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARY_FOLDERS = '/usr/lib'
const LIBRARY = 'faketime/libfaketimeMT.so.1'
const OFFSET_FILE = 'clock-offset'

/** The library of Debian's package libfaketime, where it is installed. */
export function findFaketime(): string | undefined {
  if (!existsSync(LIBRARY_FOLDERS)) return undefined
  const folders = ['.', ...readdirSync(LIBRARY_FOLDERS)].map((folder) => join(LIBRARY_FOLDERS, folder, LIBRARY))
  return folders.find((path) => existsSync(path))
}

/** What a process that has the library loaded needs for {@link setClock} to set its wall clock. Its monotonic clock is real. */
export function clockEnvironment(folder: string): Readonly<Record<string, string>> {
  setClock(folder, 0)
  return {
    FAKETIME_TIMESTAMP_FILE: join(folder, OFFSET_FILE),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1', // The name before version 0.9.9.
    NO_FAKE_STAT: '1',
  }
}

/** Makes the wall clock of the process with this folder differ from the real one by so many ms. */
export function setClock(folder: string, offsetMs: number): void {
  writeFileSync(join(folder, OFFSET_FILE), `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1000}`)
}
