import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('./failing-disk.c', import.meta.url))
const CONTROL_FILE = 'failing-disk'

/** The operations that may fail on a disk that can be read. */
export const WRITE_FAILURES = ['writes', 'syncs'] as const
type Failure = (typeof WRITE_FAILURES)[number] | 'reads'

/** Makes the library that lets writes, syncs and reads fail. Returns its path, or says why it cannot be made. */
export function compileFailingDisk(folder: string): { readonly library: string } | { readonly why: string } {
  if (process.platform !== 'linux') return { why: 'only Linux has LD_PRELOAD' }
  const library = join(folder, 'failing-disk.so')
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl'], { stdio: 'pipe' })
    return { library }
  } catch {
    return { why: 'no C compiler is installed (Debian: apt install gcc libc6-dev)' }
  }
}

/** Returns the environment that a process needs for {@link failDisk}. `folder` must not be on the disk that fails. */
export const failingDiskEnvironment = (folder: string): Readonly<Record<string, string>> => ({
  NEMESIS_FAILING_DISK: join(folder, CONTROL_FILE),
})

/**
 * Lets the writes, syncs or reads of the processes with this folder fail until the returned function is called. With `pid`,
 * only those of that process fail.
 */
export function failDisk(folder: string, failure: Failure, pid?: number): () => void {
  const path = join(folder, `${CONTROL_FILE}.${failure}${pid === undefined ? '' : `.${pid}`}`)
  writeFileSync(path, '')
  return () => rmSync(path, { force: true })
}
