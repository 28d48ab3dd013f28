import { type Command, InvalidArgumentError } from 'commander'
import { LIMITS } from '../../domain/limits.ts'
import type { StreamForm } from '../../rpc/network.ts'
import type { LogLevel } from '../../runtime/logger.ts'
import { examples } from '../examples.ts'
import { CommandFailure, EXIT } from '../failure.ts'
import {
  advertiseOption,
  cacheStocksOption,
  catalogueOption,
  corsOption,
  FIRST_REPLICA_PORT,
  frontEndPortOption,
  hostOption,
  logLevelOption,
  LOOPBACK,
  REPLICAS_DEFAULT,
  streamsOption,
} from '../options.ts'
import { readPageFiles } from '../page-files.ts'
import { address, integer, onOff } from '../values.ts'

interface FrontEndOptions {
  readonly port: number
  readonly host: string
  readonly catalog: string
  readonly cacheStocks: number
  readonly advertise?: string
  readonly streams: StreamForm
  readonly cors: readonly string[]
  readonly logLevel: LogLevel
}

interface Members {
  readonly replicas: readonly { readonly id: number; readonly address: string }[]
  readonly caching: boolean
}

export function addFrontEnd(program: Command): void {
  program
    .command('frontend')
    .summary('run a front end in this terminal')
    .description('Runs a front end: the HTTP interface, which also chooses the leader among the replicas.')
    .usage('[options] [ID HOST:PORT ... CACHE]')
    .argument('[members...]', `id and address of each replica, up to ${LIMITS.replicasMax} of them, then 1 to cache stocks or 0`, [])
    .addOption(frontEndPortOption())
    .addOption(hostOption())
    .addOption(catalogueOption())
    .addOption(cacheStocksOption())
    .addOption(advertiseOption())
    .addOption(streamsOption())
    .addOption(corsOption([]))
    .addOption(logLevelOption())
    .addHelpText(
      'after',
      examples('bazaar frontend 1 127.0.0.1:56894 2 127.0.0.1:56895 3 127.0.0.1:56896 1', 'bazaar frontend --port 8080'),
    )
    .action(runFrontEnd)
}

async function runFrontEnd(words: readonly string[], options: FrontEndOptions): Promise<void> {
  const members = words.length === 0 ? DEFAULT_MEMBERS : membersOf(words)
  // Loaded here, so that the other commands start without gRPC and fastify.
  const { startFrontEnd } = await import('../../frontend/service.ts')
  const { grpcNetwork } = await import('../../rpc/network.ts')
  const { runProcess } = await import('../../runtime/lifecycle.ts')

  const { port, host, catalog, cacheStocks, advertise, streams, cors, logLevel } = options
  await runProcess({ name: 'frontend', logLevel }, (own) =>
    startFrontEnd(
      { ...own, network: grpcNetwork({ host, log: own.log, streams }) },
      {
        port,
        host,
        ...members,
        catalogueAddress: catalog,
        cacheStocksMax: cacheStocks,
        page: readPageFiles(),
        origins: cors,
        ...(advertise !== undefined && { advertisedAddress: advertise }),
      },
    ),
  )
}

const DEFAULT_MEMBERS: Members = {
  replicas: Array.from({ length: REPLICAS_DEFAULT }, (_, at) => ({
    id: at + 1,
    address: `${LOOPBACK}:${FIRST_REPLICA_PORT + at}`,
  })),
  caching: true,
}

/** Reads `ID HOST:PORT … CACHE`. */
export function membersOf(words: readonly string[]): Members {
  if (words.length < 3 || words.length % 2 === 0) {
    throw new CommandFailure('frontend takes pairs of ID HOST:PORT and then CACHE (0 or 1)', EXIT.usage)
  }
  const pairs = (words.length - 1) / 2
  if (pairs > LIMITS.replicasMax) throw new CommandFailure(`frontend takes at most ${LIMITS.replicasMax} replicas`, EXIT.usage)
  const replicas = Array.from({ length: pairs }, (_, at) => ({
    id: parsed(`ID of replica ${at + 1}`, words[at * 2] ?? '', integer(1)),
    address: parsed(`address of replica ${at + 1}`, words[at * 2 + 1] ?? '', address),
  }))
  if (new Set(replicas.map((replica) => replica.id)).size < pairs) {
    throw new CommandFailure('every replica needs an ID of its own', EXIT.usage)
  }
  return { replicas, caching: parsed('CACHE', words.at(-1) ?? '', onOff) }
}

function parsed<T>(what: string, word: string, parse: (text: string) => T): T {
  try {
    return parse(word)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new CommandFailure(`${what} is "${word}". ${error.message}`, EXIT.usage)
  }
}
