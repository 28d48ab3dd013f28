import { statSync } from 'node:fs'

/** Throws when there is a pipe at `path`. Opening it would wait for a process at its other end, perhaps for ever. */
export function requireNoPipe(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) throw new Error(`${path} is a pipe, where a file belongs`)
}
