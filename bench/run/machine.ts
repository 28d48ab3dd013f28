import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { standsInMemory } from './disk.ts'
import { wrkVersion } from './wrk.ts'

const PACKAGES = ['fastify', '@grpc/grpc-js', '@grpc/proto-loader', 'typebox', 'lru-cache', 'pino']
const ROOT = new URL('../../', import.meta.url)

/** The machine and the versions with which a result was measured. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  /** Load average of the last minute at the start. Above 0.3 or so, other programs were at work. */
  readonly loadAverage: number
  readonly temporaryInMemory: boolean
  /** Commit of the project, with "+" when files had been changed since. */
  readonly commit: string
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>
}

/** Describes this machine; `temporary` is the folder whose disk is used. */
export function describeMachine(temporary: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    loadAverage: loadavg()[0] ?? 0,
    temporaryInMemory: standsInMemory(temporary),
    commit: commit(),
    versions: {
      node: process.version,
      wrk: wrkVersion(),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    },
  }
}

function versionOf(name: string): string {
  const path = new URL(`node_modules/${name}/package.json`, ROOT)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

function commit(): string {
  const hash = git('rev-parse', '--short', 'HEAD')
  if (hash === undefined) return 'unknown'
  return git('status', '--porcelain', '--untracked-files=no', 'src', 'proto', 'bench') === '' ? hash : `${hash}+`
}

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
