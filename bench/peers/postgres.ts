import { familyOf } from '../run/processes.ts'
import type { StartOptions, System, SystemKind } from '../run/system.ts'
import { packageUrl } from './foreign.ts'
import { startDatabase } from './postgres-database.ts'
import { startServer } from './server-process.ts'

const PG = { name: 'pg', version: '8.23.1' }
const STACK = 'fastify with pg and PostgreSQL'
const TRANSACTION = `${STACK}, an interactive transaction an order (lock the stock, update it, insert the order)`
const STATEMENT = `${STACK}, one statement an order that updates the stock and inserts the order`
const LESS = 'no idempotency keys, numbers may have gaps'

interface Variant {
  readonly way: 'transaction' | 'statement'
  readonly standby: boolean
}

async function startPostgres(options: StartOptions, { way, standby }: Variant): Promise<System> {
  const { folder, modules, stocksPath } = options
  const url = packageUrl(PG, modules)
  const database = await startDatabase({ folder, modules, standby })
  try {
    const args = [url, `${database.port}`, database.user, way, ...(stocksPath === undefined ? [] : [stocksPath])]
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
  what: `${TRANSACTION}; ${LESS}`,
  syncedCopies: '1 (synchronous_commit=on)',
  start: (options) => startPostgres(options, { way: 'transaction', standby: false }),
}

export const postgresStatement: SystemKind = {
  name: 'postgres-statement',
  what: `${STATEMENT}; ${LESS}`,
  syncedCopies: '1 (synchronous_commit=on)',
  start: (options) => startPostgres(options, { way: 'statement', standby: false }),
}

export const postgresStandby: SystemKind = {
  name: 'postgres-standby',
  what: `${TRANSACTION}, with a synchronous standby; no failover, ${LESS}`,
  syncedCopies: '2 (primary and standby)',
  start: (options) => startPostgres(options, { way: 'transaction', standby: true }),
}
