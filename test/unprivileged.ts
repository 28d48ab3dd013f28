import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const NOBODY = { uid: 65_534, gid: 65_534 }
const THIS_FILE = fileURLToPath(import.meta.url)

/**
 * The user that a process needs so that the rights of files count for it. It is the user of the test itself, or "nobody" when
 * the test runs as root, whom no right stops. Undefined when "nobody" cannot run Node or read the project.
 */
export const unprivileged = find()

/** The part of `spawn`'s options that sets the user. */
export interface User {
  readonly uid?: number
  readonly gid?: number
}

function find(): User | undefined {
  if (process.getuid?.() !== 0) return process.platform === 'win32' ? undefined : {}
  const script = `require('node:fs').readFileSync(${JSON.stringify(THIS_FILE)})`
  return spawnSync(process.execPath, ['-e', script], { ...NOBODY, cwd: '/' }).status === 0 ? NOBODY : undefined
}
