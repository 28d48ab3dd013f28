import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes a folder for the compiled program, which all processes under test share. It is removed when this process ends. */
export function compiledFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-compiled-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
