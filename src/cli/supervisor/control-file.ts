import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../domain/text.ts'
import { CommandFailure, wordsOf } from '../failure.ts'
import { requireNoPipe } from './no-pipe.ts'

/** Contents of <data>/control.json. Whoever can read the file may control the processes. */
export interface ControlFile {
  /** "host:port" of the control port. */
  readonly control: string
  readonly token: string
  /** The front end's page, with the token. */
  readonly url: string
}

const pathIn = (data: string): string => join(data, 'control.json')

/** Replaces the file in one step. Nobody but this user may read it, from its first moment on. */
export function writeControlFile(data: string, file: ControlFile): void {
  const path = pathIn(data)
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(`${path}.new`, path)
}

/** Removes the file, if it can. A token that stays is worth nothing: the next `up` makes another one. */
export function removeControlFile(data: string): void {
  try {
    rmSync(pathIn(data), { force: true })
  } catch {
    // Somebody has put a folder in its place, or taken away the right to remove it.
  }
}

/**
 * Reads the token for the control port at `control`.
 * @throws CommandFailure when it cannot be read, or belongs to another run of `up`.
 */
export function readToken(data: string, control: string): string {
  const path = pathIn(data)
  let text: string
  try {
    requireNoPipe(path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new CommandFailure(`cannot read ${path}: ${wordsOf(error)}. Only the user who runs \`bazaar up\` may control its processes.`)
  }
  const file = (parseJson(text) ?? {}) as { readonly [K in keyof ControlFile]?: unknown }
  if (file.control === control && typeof file.token === 'string' && file.token !== '') return file.token
  throw new CommandFailure(`${path} is not what the running \`bazaar up\` has written: restart that one`)
}
