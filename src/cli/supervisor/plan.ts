import { joinAddress } from '../../runtime/address.ts'
import type { StreamForm } from '../../rpc/network.ts'
import type { LogLevel } from '../../runtime/logger.ts'

/** Everything that `up` has decided before it starts a process. */
export interface ClusterPlan {
  /** Absolute path of the data folder. */
  readonly data: string
  /** Address that the front end listens on. */
  readonly host: string
  /** Address that catalogue and replicas listen on. */
  readonly grpcHost: string
  readonly frontEndPort: number
  readonly cataloguePort: number
  /** Port of replica 1, 2, … */
  readonly orderPorts: readonly number[]
  readonly caching: boolean
  readonly cacheStocksMax: number
  /** The form in which the processes send their streams. */
  readonly streams: StreamForm
  readonly logLevel: LogLevel
  /** Origins of web pages that may use the routes below /v1. */
  readonly cors: readonly string[]
  /** Absolute path of the file of stocks that a new history begins with. */
  readonly stocks?: string
}

/** One process to keep alive. */
export interface ProcessPlan {
  readonly name: string
  /** "host:port" at which this machine reaches the process. */
  readonly address: string
  /** Arguments of the command line that runs the process. */
  readonly args: readonly string[]
  /** Processes are stopped stage by stage, lowest first. A process that takes work in ends before the one that does it. */
  readonly stopStage: number
}

/** Returns the processes of a cluster, in starting order. */
export function processesOf(plan: ClusterPlan): readonly ProcessPlan[] {
  const grpcHost = reachable(plan.grpcHost)
  const catalogue = joinAddress(grpcHost, plan.cataloguePort)
  const replicas = plan.orderPorts.map((port, at) => ({ id: at + 1, port, address: joinAddress(grpcHost, port) }))
  const cache = plan.caching ? '1' : '0'
  const common = ['--streams', plan.streams, '--log-level', plan.logLevel]
  const shared = ['--data', plan.data, ...common]
  const listen = ['--host', plan.grpcHost]
  const addresses = replicas.map((replica) => replica.address).join(',')
  return [
    {
      name: 'catalogue',
      address: catalogue,
      stopStage: 2,
      args: [
        'catalog',
        '--port',
        `${plan.cataloguePort}`,
        '--replica-addresses',
        addresses,
        ...(plan.stocks === undefined ? [] : ['--stocks', plan.stocks]),
        ...listen,
        ...shared,
      ],
    },
    ...replicas.map(({ id, port, address }) => ({
      name: `order-${id}`,
      address,
      stopStage: 1,
      args: [
        'order',
        `${port}`,
        `${id}`,
        reachable(plan.host),
        `${plan.frontEndPort}`,
        cache,
        ...['--catalog', catalogue, '--advertise', address],
        ...listen,
        ...shared,
      ],
    })),
    {
      name: 'frontend',
      address: frontEndAddress(plan),
      stopStage: 0,
      args: [
        'frontend',
        ...replicas.flatMap(({ id, address }) => [`${id}`, address]),
        cache,
        ...['--port', `${plan.frontEndPort}`, '--host', plan.host, '--catalog', catalogue],
        ...['--advertise', frontEndAddress(plan)],
        ...['--cache-stocks', `${plan.cacheStocksMax}`],
        ...['--cors', plan.cors.join(',')],
        ...common,
      ],
    },
  ]
}

export const frontEndAddress = (plan: ClusterPlan): string => joinAddress(reachable(plan.host), plan.frontEndPort)

const ALL_INTERFACES: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])

/** Returns the host under which this machine reaches a process that listens on `host`. */
export const reachable = (host: string): string => (ALL_INTERFACES.has(host) ? '127.0.0.1' : host)
