import { statSync } from 'node:fs'

/** Throws when a pipe stands at `path`: to open one is to wait for whoever has its other end, perhaps for ever. */
export function requireNoPipe(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) throw new Error(`${path} is a pipe, where a file belongs`)
}
