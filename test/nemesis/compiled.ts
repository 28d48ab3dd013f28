import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string | undefined

/**
 * Where Node keeps the compiled program for all processes that this one starts: they come back in half the time, which
 * leaves more of a round to the faults. Removed when this process ends.
 */
export function compiledFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'bazaar-compiled-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return folder
}
