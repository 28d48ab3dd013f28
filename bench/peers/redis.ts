import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/free-port.ts'
import { Child } from '../run/child.ts'
import { type StartOptions, type System, type SystemKind, Unavailable } from '../run/system.ts'
import { findProgram, packageUrl } from './foreign.ts'
import { startServer } from './server-process.ts'

const IOREDIS = { name: 'ioredis', version: '6.0.0' }
const REPLICAS = ['replica-1', 'replica-2']
/**
 * Every write is synced before its answer. A replica syncs it before it acknowledges it. So WAIT counts copies on disk, and not
 * only in memory. Snapshots are off, since the log holds everything.
 */
const SETTINGS = [
  ...['--bind', '127.0.0.1', '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
  ...['--repl-diskless-sync-delay', '0', '--daemonize', 'no'],
]

export const redis: SystemKind = {
  name: 'redis',
  what: 'fastify with ioredis and Redis, a script an order, WAIT 2 for each batch; no failover, no idempotency keys',
  syncedCopies: '3 (primary and two replicas, appendfsync always)',
  start: startRedis,
}

async function startRedis({ folder, modules, stocksPath }: StartOptions): Promise<System> {
  const url = packageUrl(IOREDIS, modules)
  const program = findProgram('redis-server')
  if (program === undefined) throw new Unavailable('redis-server is missing: sudo apt-get install redis-server')
  const port = await freePort()
  const servers = new Map([['primary', serve(program, folder, 'primary', port)]])
  for (const role of REPLICAS) {
    servers.set(role, serve(program, folder, role, await freePort(), ['--replicaof', '127.0.0.1', `${port}`]))
  }
  const stopServers = async () => {
    for (const server of servers.values()) await server.stop()
  }
  try {
    const args = [url, `${port}`, ...(stocksPath === undefined ? [] : [stocksPath])]
    const { child, address } = await startServer('redis-app.ts', args)
    return {
      address,
      folder,
      versions: { redis: versionOf(program) },
      pids: () => new Map([['server', [child.pid]], ...[...servers].map(([role, { pid }]) => [role, [pid]] as const)]),
      stop: async () => {
        await child.stop()
        await stopServers()
      },
    }
  } catch (error) {
    await stopServers()
    throw error
  }
}

function serve(program: string, folder: string, role: string, port: number, more: readonly string[] = []): Child {
  const own = join(folder, role)
  mkdirSync(own)
  return new Child(program, ['--port', `${port}`, '--dir', own, ...SETTINGS, ...more])
}

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown'
}
