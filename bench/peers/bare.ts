import type { StartOptions, System, SystemKind } from '../run/system.ts'
import { startServer } from './server-process.ts'

/** Servers in one Node process that keep nothing. They show what its HTTP can do. They are bounds, not competitors. */

async function startBare(file: string, { stocksPath }: StartOptions): Promise<System> {
  const { child, address } = await startServer(file, stocksPath === undefined ? [] : [stocksPath])
  return { address, pids: () => new Map([['server', [child.pid]]]), stop: () => child.stop() }
}

/** The ceiling: one process that speaks HTTP as the bazaar's front end does, and does nothing else. */
export const bareDirect: SystemKind = {
  name: 'direct',
  what: "the bazaar's own HTTP, requests read right from the socket, answered from memory",
  syncedCopies: 'none',
  start: (options) => startBare('direct-server.ts', options),
}

export const bareFastify: SystemKind = {
  name: 'fastify',
  what: 'bare fastify: parses and validates with the same JSON schema, answers from memory',
  syncedCopies: 'none',
  start: (options) => startBare('fastify-server.ts', options),
}

export const bareNodeHttp: SystemKind = {
  name: 'node-http',
  what: 'bare node:http: parses and checks by hand, answers from memory',
  syncedCopies: 'none',
  start: (options) => startBare('node-http-server.ts', options),
}
