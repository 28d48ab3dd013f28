import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Logger, LogLevel } from '../../runtime/logger.ts'
import { examples } from '../examples.ts'
import {
  cataloguePortOption,
  dataOption,
  grpcHostOption,
  leaseOption,
  logLevelOption,
  replicaAddressesOption,
} from '../options.ts'

interface CatalogOptions {
  readonly port: number
  readonly host: string
  readonly data: string
  readonly replicaAddresses: readonly string[]
  readonly leaseMs: number
  readonly logLevel: LogLevel
}

export function addCatalog(program: Command): void {
  program
    .command('catalog')
    .summary('run the catalogue in this terminal')
    .description('Runs the catalogue: it decides every order and keeps the ledger in <data>/catalog.db.')
    .addOption(cataloguePortOption())
    .addOption(grpcHostOption())
    .addOption(dataOption())
    .addOption(replicaAddressesOption())
    .addOption(leaseOption())
    .addOption(logLevelOption())
    .addHelpText('after', examples('bazaar catalog', 'bazaar catalog --data /var/lib/bazaar --host 0.0.0.0'))
    .action(runCatalogue)
}

async function runCatalogue(options: CatalogOptions): Promise<void> {
  // Loaded here, so that the other commands start without gRPC and SQLite.
  const { startCatalogue } = await import('../../catalogue/service.ts')
  const { decide } = await import('../../catalogue/decide.ts')
  const { OPENING_CATALOGUE } = await import('../../domain/stock.ts')
  const { grpcNetwork } = await import('../../rpc/network.ts')
  const { runProcess } = await import('../../runtime/lifecycle.ts')
  const { openEmbeddedLedger } = await import('../../storage/embedded/ledger.ts')

  const { port, host, data, replicaAddresses, leaseMs, logLevel } = options
  const network = (log: Logger) => grpcNetwork({ host, log })
  await runProcess({ name: 'catalogue', logLevel, network }, async (runtime) => {
    await mkdir(data, { recursive: true })
    const ledger = await openEmbeddedLedger(join(data, 'catalog.db'), {
      decide,
      newGenesis: () => ({ clusterId: runtime.random.id(16), stocks: OPENING_CATALOGUE }),
    })
    const store = { open: async () => ({ kind: 'ready' as const, ledger }) } as never
    const replicas = replicaAddresses.map((address, i) => ({ replicaId: i + 1, address }))
    return startCatalogue(runtime, { port, store, replicas, lost: [], leaseMs })
  })
}
