import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CliProcess } from '../fault/process.ts'
import { identityOf } from './verified.ts'

/** The ways by which a second process gets at a file that is in use. */
export const WAYS = ['as it is', 'lock removed', 'lock replaced', 'lock not to be written', 'by a symbolic link'] as const
export type Way = (typeof WAYS)[number]

/** The message of a process that does not get its file. */
export const REFUSAL = /is in use|cannot be locked/
/** How long a refused start may take. It takes as long as the modules take to load. */
const REFUSED_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 20

/** Two processes for one file. */
export interface Rivals {
  readonly first: CliProcess
  readonly second: CliProcess
  readonly database: string
}

/** Says whether the process has opened its file. It locks the file before it listens. */
export const holdsItsFile = ({ running, output }: CliProcess): boolean => running && output.includes('listens"')

/** Prepares the way to the file. Returns the folder for the second process. */
export function makeWay(way: Way, database: string): string {
  const lock = `${database}.lock`
  if (way === 'lock removed') rmSync(lock, { force: true })
  if (way === 'lock replaced') {
    writeFileSync(`${lock}.new`, '')
    renameSync(`${lock}.new`, lock)
  }
  if (way === 'lock not to be written' && existsSync(lock)) chmodSync(lock, 0o444)
  return way === 'by a symbolic link' ? folderOfLinks(database) : dirname(database)
}

/** Returns a folder beside that of the file, so that no fault takes the link for a database. */
function folderOfLinks(database: string): string {
  const folder = `${dirname(database)}-link`
  mkdirSync(folder, { recursive: true })
  const link = join(folder, database.slice(dirname(database).length + 1))
  rmSync(link, { force: true })
  symlinkSync(database, link)
  return folder
}

/** Makes the lock writable again, so that the first process can be started again. */
function giveRightBack(database: string): void {
  const lock = `${database}.lock`
  if (existsSync(lock)) chmodSync(lock, 0o644)
}

export type Verdict = 'refused' | 'the first one ended meanwhile' | 'let in'

/**
 * Waits until the second process is refused or let in, and ends it. It has to be refused as long as the first one lives and has
 * the same file. When the first one ends meanwhile, the second may come in like one that is started again.
 */
export async function judge({ first, second, database }: Rivals): Promise<Verdict> {
  const file = identityOf(database)
  const isHeld = () => first.running && identityOf(database) === file
  const deadline = performance.now() + REFUSED_WITHIN_MS
  while (second.running && isHeld() && !second.output.includes('listens"') && performance.now() < deadline) {
    await sleep(LOOK_EVERY_MS)
  }
  const held = isHeld()
  const wasRefused = !second.running
  second.signal('SIGKILL')
  const { code } = await second.exited
  giveRightBack(database)
  if (!held) return 'the first one ended meanwhile'
  return wasRefused && code === 1 && REFUSAL.test(second.output) ? 'refused' : 'let in'
}
