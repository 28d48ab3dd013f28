import { Option } from 'commander'
import { LIMITS } from '../domain/limits.ts'
import type { StreamForm } from '../rpc/network.ts'
import type { LogLevel } from '../runtime/logger.ts'
import { addresses, addressWithDefaultPort, integer, listeningPort, listeningPorts, onOff, oneOf, origins } from './values.ts'

const CATALOGUE_PORT = 56_892
export const FRONT_END_PORT = 56_893
/** Replica 1 listens here, the others on the next ports. */
export const FIRST_REPLICA_PORT = 56_894
export const LOOPBACK = '127.0.0.1'
/** The number of replicas when nobody says how many. */
export const REPLICAS_DEFAULT = 3

const STREAM_FORMS: readonly StreamForm[] = ['frames', 'grpc']
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']
/** Less than the ten stocks of the opening catalogue, so that a cache has to drop something from the first day on. */
const CACHE_STOCKS_MAX = 8

/** Each option that can also be set in the environment or in the configuration file has one function. */

export const configOption = (): Option =>
  new Option('--config <file>', 'configuration file; without it, bazaar.json in the working folder if there is one').env('BAZAAR_CONFIG')

export const dataOption = (): Option => new Option('--data <folder>', 'folder of the data files').env('BAZAAR_DATA').default('./data')

export const stocksOption = (): Option =>
  new Option('--stocks <file>', 'JSON file of what is for sale when a new history begins; later starts ignore it').env('BAZAAR_STOCKS')

export const frontEndPortOption = (): Option =>
  new Option('--port <n>', 'port of the front end (HTTP); 0: any free one')
    .env('BAZAAR_PORT')
    .default(FRONT_END_PORT)
    .argParser(listeningPort)

export const targetHostOption = (): Option =>
  new Option('--host <host>', 'host of the front end').env('BAZAAR_TARGET_HOST').default(LOOPBACK)

export const targetPortOption = (): Option =>
  new Option('--port <n>', 'port of the front end')
    .env('BAZAAR_PORT')
    .default(0, `that of the system running on --data, else ${FRONT_END_PORT}`)
    .argParser(listeningPort)

export const hostOption = (): Option =>
  new Option('--host <host>', 'address that the front end listens on; 0.0.0.0: all').env('BAZAAR_HOST').default(LOOPBACK)

export const grpcHostOption = (flags = '--host <host>'): Option =>
  new Option(flags, 'address that gRPC listens on; 0.0.0.0: all').env('BAZAAR_GRPC_HOST').default(LOOPBACK)

export const cataloguePortOption = (flags = '--port <n>'): Option =>
  new Option(flags, 'port of the catalogue (gRPC); 0: any free one')
    .env('BAZAAR_CATALOG_PORT')
    .default(CATALOGUE_PORT)
    .argParser(listeningPort)

export const catalogueOption = (): Option =>
  new Option('--catalog <host[:port]>', 'where the catalogue is')
    .env('CATALOG_HOST')
    .default(`${LOOPBACK}:${CATALOGUE_PORT}`)
    .argParser(addressWithDefaultPort(CATALOGUE_PORT))

export const orderPortsOption = (): Option =>
  new Option(
    '--order-ports <a,b,…>',
    `ports of the order replicas (gRPC); 0: any free one; without it, those from ${FIRST_REPLICA_PORT} on, or others ` +
      'where these are taken',
  )
    .env('BAZAAR_ORDER_PORTS')
    .argParser(listeningPorts)

export const replicasOption = (): Option =>
  new Option('--replicas <n>', `how many order replicas, 1 to ${LIMITS.replicasMax}`)
    .env('BAZAAR_REPLICAS')
    .default(REPLICAS_DEFAULT)
    .argParser(integer(1, LIMITS.replicasMax))

export const replicaAddressesOption = (): Option =>
  new Option('--replica-addresses <a,b,c>', 'host:port of replica 1, 2, …: sealed at the start, and what a lost ledger is recovered from')
    .env('BAZAAR_REPLICA_ADDRESSES')
    .default([], 'those that it has met')
    .argParser(addresses)

export const cacheOption = (): Option =>
  new Option('--cache <0|1>', 'whether the front end caches stocks').env('BAZAAR_CACHE').default(true, '1').argParser(onOff)

export const cacheStocksOption = (): Option =>
  new Option('--cache-stocks <n>', 'how many stocks the cache holds')
    .env('BAZAAR_CACHE_STOCKS')
    .default(CACHE_STOCKS_MAX)
    .argParser(integer(1, 10_000_000))

export const advertiseOption = (): Option =>
  new Option('--advertise <host:port>', 'address that the others reach this process at, when it is not the one it listens on')
    .env('BAZAAR_ADVERTISE')
    .argParser((text: string) => addresses(text)[0])

export const streamsOption = (): Option =>
  new Option('--streams <form>', `form of the streams between processes: ${STREAM_FORMS.join(', ')}; grpc: neither sends nor takes frames`)
    .env('BAZAAR_STREAMS')
    .default('frames')
    .argParser(oneOf(STREAM_FORMS))

/** `origins`: those without the option. */
export const corsOption = (without: readonly string[]): Option =>
  new Option('--cors <origins>', 'origins of web pages that may use the routes below /v1; loopback: pages that this machine serves')
    .env('BAZAAR_CORS')
    .default(without, without.join(',') || 'none')
    .argParser(origins)

export const logLevelOption = (): Option =>
  new Option('--log-level <level>', `what is logged: ${LOG_LEVELS.join(', ')}`)
    .env('BAZAAR_LOG_LEVEL')
    .default('info')
    .argParser(oneOf(LOG_LEVELS))

export const jsonOption = (): Option => new Option('--json', 'print JSON')
