import { spawnSync } from 'node:child_process'

/** Says why no file system can be mounted here. Undefined when one can. */
export function whyNoMounts(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount file systems'
  const { status, stderr, error } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' })
  return status === 0 ? undefined : `file systems cannot be mounted: ${error?.message ?? stderr.trim()}`
}

/** Runs a program for which the folder is on a read-only file system. No other program sees that mount, which ends with it. */
export function runReadOnly(folder: string, program: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', script, folder, ...program], { encoding: 'utf8' })
  return { status, stdout, stderr }
}
