import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { StreamForm } from '../../rpc/network.ts'
import type { LogLevel } from '../../runtime/logger.ts'
import { examples } from '../examples.ts'
import { readOpeningStocks } from '../opening-stocks.ts'
import {
  cataloguePortOption,
  dataOption,
  grpcHostOption,
  logLevelOption,
  replicaAddressesOption,
  stocksOption,
  streamsOption,
} from '../options.ts'
import { integer } from '../values.ts'

interface CatalogOptions {
  readonly port: number
  readonly host: string
  readonly data: string
  readonly replicaAddresses: readonly string[]
  readonly lost: readonly number[]
  readonly alone: boolean
  readonly stocks?: string
  readonly streams: StreamForm
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
    .addOption(lostOption())
    .addOption(aloneOption())
    .addOption(stocksOption())
    .addOption(streamsOption())
    .addOption(logLevelOption())
    .addHelpText(
      'after',
      examples(
        'bazaar catalog',
        'bazaar catalog --data /var/lib/bazaar --host 0.0.0.0',
        'bazaar catalog --lost 2',
        'bazaar catalog --stocks stocks.json',
      ),
    )
    .action(runCatalogue)
}

/** This option has no environment variable: it is meant for one start, after a disk is gone for good. */
const lostOption = (): Option =>
  new Option('--lost <replica id>', 'recover without this replica, whose disk is gone for good; may be repeated')
    .default([], 'none')
    .argParser((text: string, others: readonly number[]) => [...others, integer(1)(text)])

const aloneOption = (): Option =>
  new Option(
    '--alone',
    'begin a history although no replica is known: for a system without replicas, whose orders come by Catalog.Trade',
  ).default(false)

async function runCatalogue(options: CatalogOptions): Promise<void> {
  // Loaded here, so that the other commands start without gRPC and SQLite.
  const { startCatalogue } = await import('../../catalogue/service.ts')
  const { grpcNetwork } = await import('../../rpc/network.ts')
  const { runProcess } = await import('../../runtime/lifecycle.ts')
  const { embeddedLedgerStore } = await import('../../storage/embedded/ledger-store.ts')

  const { port, host, data, replicaAddresses, lost, alone, stocks, streams, logLevel } = options
  await runProcess({ name: 'catalogue', logLevel }, async (own) => {
    const runtime = { ...own, network: grpcNetwork({ host, log: own.log, streams }) }
    await mkdir(resolve(data), { recursive: true })
    const store = embeddedLedgerStore(join(data, 'catalog.db'), {
      onReplaced: (archivedAs) => runtime.log.warn({ archivedAs }, 'the ledger that stood here before is kept'),
    })
    const replicas = replicaAddresses.map((address, i) => ({ replicaId: i + 1, address }))
    const common = { port, store, replicas, lost, alone }
    if (stocks === undefined) return startCatalogue(runtime, common)
    let taken = false
    const openingStocks = () => {
      taken = true
      return readOpeningStocks(stocks)
    }
    const service = await startCatalogue(runtime, { ...common, openingStocks })
    if (!taken) runtime.log.info({ stocks }, 'this history began earlier: the file of stocks is ignored')
    return service
  })
}
