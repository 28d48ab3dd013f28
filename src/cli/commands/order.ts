import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, createArgument } from 'commander'
import { joinAddress } from '../../runtime/address.ts'
import type { StreamForm } from '../../rpc/network.ts'
import type { LogLevel } from '../../runtime/logger.ts'
import { examples } from '../examples.ts'
import {
  advertiseOption,
  catalogueOption,
  dataOption,
  FIRST_REPLICA_PORT,
  FRONT_END_PORT,
  grpcHostOption,
  logLevelOption,
  LOOPBACK,
  streamsOption,
} from '../options.ts'
import { integer, listeningPort, onOff, port as targetPort } from '../values.ts'

interface OrderOptions {
  readonly host: string
  readonly catalog: string
  readonly data: string
  readonly advertise?: string
  readonly streams: StreamForm
  readonly logLevel: LogLevel
}

export function addOrder(program: Command): void {
  program
    .command('order')
    .summary('run one order replica in this terminal')
    .description('Runs one order replica. Its copy of the log is <data>/order<REPLICA_ID>.db.')
    .addArgument(createArgument('[PORT]', 'gRPC port').argParser(listeningPort).default(FIRST_REPLICA_PORT))
    .addArgument(
      createArgument('[REPLICA_ID]', 'unique; of those that answer, the highest one is elected').argParser(integer(1)).default(1),
    )
    .addArgument(createArgument('[FRONTEND_HOST]', 'host of the front end').default(LOOPBACK))
    .addArgument(createArgument('[FRONTEND_PORT]', 'its port').argParser(targetPort).default(FRONT_END_PORT))
    .addArgument(createArgument('[CACHE]', '1: the front end caches stocks; 0: not').argParser(onOff).default(true, '1'))
    .addOption(catalogueOption())
    .addOption(grpcHostOption())
    .addOption(dataOption())
    .addOption(advertiseOption())
    .addOption(streamsOption())
    .addOption(logLevelOption())
    .addHelpText(
      'after',
      examples('bazaar order 56896 3 127.0.0.1 56893 1', 'CATALOG_HOST=10.0.0.5 bazaar order 56896 3 10.0.0.7 56893 1 --host 0.0.0.0'),
    )
    .action(runReplica)
}

async function runReplica(
  port: number,
  replicaId: number,
  frontEndHost: string,
  frontEndPort: number,
  caching: boolean,
  options: OrderOptions,
): Promise<void> {
  // Loaded here, so that the other commands start without gRPC and SQLite.
  const { startOrderReplica } = await import('../../replica/service.ts')
  const { grpcNetwork } = await import('../../rpc/network.ts')
  const { runProcess } = await import('../../runtime/lifecycle.ts')
  const { openEmbeddedOrderLog } = await import('../../storage/embedded/order-log-file.ts')

  const { host, data, catalog, advertise, streams, logLevel } = options
  await runProcess({ name: `order-${replicaId}`, logLevel }, async (own) => {
    const runtime = { ...own, network: grpcNetwork({ host, log: own.log, streams }) }
    await mkdir(resolve(data), { recursive: true })
    const log = await openEmbeddedOrderLog(join(data, `order${replicaId}.db`), {
      newDiskId: () => runtime.random.id(16),
      onDamage: (why, archivedAs) => runtime.log.error({ why, archivedAs }, 'the log is damaged: beginning with an empty one'),
      onCut: (entries, archivedAs) => runtime.log.warn({ entries, archivedAs }, 'the entries that were given up are kept'),
    })
    return startOrderReplica(runtime, {
      port,
      replicaId,
      log,
      catalogueAddress: catalog,
      frontEndAddress: joinAddress(frontEndHost, frontEndPort),
      caching,
      ...(advertise !== undefined && { advertisedAddress: advertise }),
    })
  })
}
