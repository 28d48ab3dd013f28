import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../domain/text.ts'
import { identityAt } from '../../storage/embedded/file/inode-lock.ts'
import { wordsOf } from '../failure.ts'
import { requireNoPipe } from './no-pipe.ts'
import { commandOf, isStillAlive, type KnownProcess } from './process-identity.ts'

/** The number of the format. It rises with every change that an older program would misread. */
const FORMAT = 1

/** Contents of <data>/up.json, by which a running `up` tells other commands about itself. */
export interface UpState extends KnownProcess {
  readonly startedAt: string
  /** "host:port" */
  readonly frontEnd: string
  /** "host:port" of the control port. It is left out when there is none. */
  readonly control?: string
  /** The identity of the folder that the file is about. The file may have been copied into another folder. */
  readonly folder: string
  readonly processes: readonly ProcessState[]
}

export interface ProcessState {
  readonly name: string
  readonly address: string
  /** null while the process is not running. */
  readonly pid: number | null
  /** null while the process is not running, or when nobody knows. */
  readonly bornAt: string | null
  /** How often the process was started again. */
  readonly restarts: number
  /** Arguments of the process's command line. */
  readonly args: readonly string[]
}

/** The result of reading a folder's up.json. */
export type StateReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'read'; readonly state: UpState }

const pathIn = (data: string): string => join(data, 'up.json')

/** Replaces the file in one step, so that a reader sees the old state or the new one. */
export function writeUpState(data: string, state: UpState): void {
  const path = pathIn(data)
  writeFileSync(`${path}.new`, `${JSON.stringify({ format: FORMAT, ...state }, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

/** Removes the file, if it can. A file that stays does no harm: every reader finds that its writer is gone. */
export function removeUpState(data: string): void {
  try {
    rmSync(pathIn(data), { force: true })
  } catch {
    // Somebody has put a folder in its place, or taken away the right to remove it.
  }
}

/** Reads a folder's up.json, whether its writer still lives or not. */
export function readUpState(data: string): StateReading {
  const path = pathIn(data)
  let text: string
  try {
    requireNoPipe(path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' }
    return { kind: 'unusable', why: `${path} cannot be read (${wordsOf(error)})` }
  }
  const value = parseJson(text)
  const { format } = (value ?? {}) as { format?: unknown }
  if (typeof format === 'number' && format > FORMAT) {
    return { kind: 'unusable', why: `${path} was written by a newer program` }
  }
  if (format !== FORMAT || !isUpState(value)) return { kind: 'unusable', why: `${path} is not what this program writes` }
  if (value.folder !== identityAt(data)) return { kind: 'unusable', why: `${path} tells of another folder` }
  return { kind: 'read', state: value }
}

/** Returns the state of the system that runs on this folder, or undefined when none does. */
export function readRunningState(data: string): UpState | undefined {
  const reading = readUpState(data)
  return reading.kind === 'read' && isStillAlive(reading.state) ? reading.state : undefined
}

/**
 * Says whether the process that `up` wrote down still runs, and no other one with its pid. Always false on Windows, where
 * nobody can know.
 */
export const isStill = ({ pid, bornAt, args }: ProcessState): boolean =>
  pid !== null && bornAt !== null && isStillAlive({ pid, bornAt }) && commandOf(pid).endsWith(`bazaar.js ${args.join(' ')}`)

type Unchecked<T> = { readonly [K in keyof T]?: unknown }

function isUpState(value: unknown): value is UpState {
  if (typeof value !== 'object' || value === null) return false
  const { pid, bornAt, startedAt, frontEnd, control, folder, processes } = value as Unchecked<UpState>
  const texts = [bornAt, startedAt, frontEnd, folder]
  const isReached = isAddress(frontEnd) && (control === undefined || isAddress(control))
  return isPid(pid) && texts.every(isText) && isReached && Array.isArray(processes) && processes.every(isProcessState)
}

function isProcessState(value: unknown): value is ProcessState {
  if (typeof value !== 'object' || value === null) return false
  const { name, address, pid, bornAt, restarts, args } = value as Unchecked<ProcessState>
  const runs = pid === null || (isPid(pid) && (bornAt === null || isText(bornAt)))
  return isText(name) && isText(address) && runs && typeof restarts === 'number' && Array.isArray(args) && args.every(isText)
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isAddress = (value: unknown): boolean => isText(value) && /:\d{1,5}$/.test(value)

/** Says whether a value is the id of one process. 0 and negative numbers mean many processes at once. */
const isPid = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0
