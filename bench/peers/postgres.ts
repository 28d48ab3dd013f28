import { familyOf } from '../run/processes.ts'
import type { StartOptions, System, SystemKind } from '../run/system.ts'
import { packageUrl } from './foreign.ts'
import { startDatabase } from './postgres-database.ts'
import { startServer } from './server-process.ts'

const PG = { name: 'pg', version: '8.23.1' }
const WHAT = 'fastify with pg and PostgreSQL, one transaction an order (lock the stock, update it, insert the order)'

async function startPostgres({ folder, modules, stocksPath }: StartOptions, standby: boolean): Promise<System> {
  const url = packageUrl(PG, modules)
  const database = await startDatabase({ folder, modules, standby })
  try {
    const args = [url, `${database.port}`, database.user, ...(stocksPath === undefined ? [] : [stocksPath])]
    const { child, address } = await startServer('postgres-app.ts', args)
    return {
      address,
      folder,
      versions: { postgres: database.version.replace(/^postgres \(PostgreSQL\) /, '') },
      pids: () => {
        const families = [...database.pids].map(([role, pid]) => [role, familyOf(pid)] as const)
        return new Map([['server', [child.pid]], ...families])
      },
      stop: async () => {
        await child.stop()
        await database.stop()
      },
    }
  } catch (error) {
    await database.stop()
    throw new Error(`PostgreSQL said: ${database.output}`, { cause: error })
  }
}

export const postgres: SystemKind = {
  name: 'postgres',
  what: `${WHAT}; no idempotency keys, numbers may have gaps`,
  disks: '1 (synchronous_commit=on)',
  start: (options) => startPostgres(options, false),
}

export const postgresStandby: SystemKind = {
  name: 'postgres-standby',
  what: `${WHAT}, with a synchronous standby; no failover, no idempotency keys, numbers may have gaps`,
  disks: '2 (primary and standby)',
  start: (options) => startPostgres(options, true),
}
