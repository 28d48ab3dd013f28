import type { StartOptions, System, SystemKind } from '../run/system.ts'
import { startServer } from './server-process.ts'

/** What the HTTP of one Node process can do when nothing is kept: the ceiling, not a competitor. */

async function startBare(file: string, { stocksPath }: StartOptions): Promise<System> {
  const { child, address } = await startServer(file, stocksPath === undefined ? [] : [stocksPath])
  return { address, pids: () => new Map([['server', [child.pid]]]), stop: () => child.stop() }
}

export const bareFastify: SystemKind = {
  name: 'fastify',
  what: 'bare fastify: parses and validates with the same JSON schema, answers from memory',
  disks: 'none',
  start: (options) => startBare('fastify-server.ts', options),
}

export const bareNodeHttp: SystemKind = {
  name: 'node-http',
  what: 'bare node:http: parses and checks by hand, answers from memory',
  disks: 'none',
  start: (options) => startBare('node-http-server.ts', options),
}
