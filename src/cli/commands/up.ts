import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { LIMITS } from '../../domain/limits.ts'
import { BazaarClient, type ClientOptions } from '../../http/client.ts'
import type { StatusData } from '../../http/types.ts'
import type { StreamForm } from '../../rpc/network.ts'
import { systemClock } from '../../runtime/clock.ts'
import { connectionsMaxOf, descriptorsMax } from '../../runtime/connection-room.ts'
import { onStopRequest } from '../../runtime/lifecycle.ts'
import type { LogLevel } from '../../runtime/logger.ts'
import { decideDemo, runDemo } from '../demo/start-demo.ts'
import { examples } from '../examples.ts'
import { CommandFailure, EXIT } from '../failure.ts'
import { readOpeningStocks } from '../opening-stocks.ts'
import {
  cacheOption,
  cacheStocksOption,
  cataloguePortOption,
  corsOption,
  dataOption,
  FIRST_REPLICA_PORT,
  frontEndPortOption,
  grpcHostOption,
  hostOption,
  logLevelOption,
  orderPortsOption,
  replicasOption,
  stocksOption,
  streamsOption,
} from '../options.ts'
import { bannerLines } from '../supervisor/banner.ts'
import { openInBrowser } from '../supervisor/browser.ts'
import { removeControlFile } from '../supervisor/control-file.ts'
import type { ControlServer } from '../supervisor/control-server.ts'
import { claimFolder, endWhatIsLeft } from '../supervisor/folder.ts'
import { controlOf, openControl } from '../supervisor/open-control.ts'
import { frontEndAddress, processesOf, reachable, type ClusterPlan } from '../supervisor/plan.ts'
import { grantPorts } from '../supervisor/ports.ts'
import { waitForTrading } from '../supervisor/readiness.ts'
import { removeUpState } from '../supervisor/state-file.ts'
import { superviseAloud } from '../supervisor/supervise-aloud.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { painterFor, print, printAside, printJson } from '../terminal.ts'

/** With fewer file descriptors than this, `up` says how many connections they are enough for. */
const DESCRIPTORS_FEW = 1_024
/**
 * Requests to stop within this time count as one. A single Ctrl-C can arrive several times: the terminal sends it to all
 * processes, and npm passes it on as well.
 */
const SAME_KEYPRESS_MS = 500
const LOOK_TIMEOUT_MS = 2_000

export interface UpOptions {
  readonly port: number
  readonly catalogPort: number
  readonly orderPorts?: readonly number[]
  readonly replicas: number
  readonly host: string
  readonly grpcHost: string
  readonly data: string
  readonly stocks?: string
  readonly cache: boolean
  readonly cacheStocks: number
  readonly streams: StreamForm
  readonly logLevel: LogLevel
  readonly demo?: boolean
  readonly open?: boolean
  readonly cors: readonly string[]
  readonly json?: boolean
}

export function addUp(program: Command): void {
  program
    .command('up')
    .summary('start everything, and keep it running')
    .description('Starts the catalogue, the order replicas and the front end, and starts again whichever dies. Ctrl-C stops all.')
    .addOption(frontEndPortOption())
    .addOption(cataloguePortOption('--catalog-port <n>'))
    .addOption(orderPortsOption())
    .addOption(replicasOption())
    .addOption(hostOption())
    .addOption(grpcHostOption('--grpc-host <host>'))
    .addOption(dataOption())
    .addOption(stocksOption())
    .addOption(cacheOption())
    .addOption(cacheStocksOption())
    .addOption(streamsOption())
    .addOption(corsOption(['loopback']))
    .addOption(logLevelOption())
    .option('--demo', 'let a few gentle clients trade; if nothing is said, in a new folder and in one that had them before')
    .option('--no-demo', 'let none trade, and forget that the folder had them; with --json, none trade unless --demo is said')
    .option('--open', 'open the page in a browser once trading works')
    .option('--json', 'print one line of JSON when trading works, and nothing else')
    .addHelpText(
      'after',
      examples(
        'bazaar up',
        'bazaar up --port 8080 --data /var/lib/bazaar',
        'bazaar up --replicas 5',
        'bazaar up --port 0 --catalog-port 0 --order-ports 0,0,0 --data /tmp/second   # beside another one',
      ),
    )
    .action(up)
}

async function up(options: UpOptions, command: Command): Promise<void> {
  const startedAtMs = systemClock.monotonicMs()
  const wantedPorts = replicaPorts(options, command.getOptionValueSource('replicas') === 'default')
  if (options.stocks !== undefined && !existsSync(join(options.data, 'catalog.db'))) readOpeningStocks(options.stocks) // A bad file fails here, at once.
  const folder = claimFolder(options.data)
  const data = folder.path
  const say = options.json ? printAside : print
  await endWhatIsLeft(data, systemClock, say)
  const demo = decideDemo(options, data, say)
  const plan = await planFor(options, data, wantedPorts)
  const control = await openControl(plan, systemClock, say)
  const supervisor = superviseAloud(plan, folder, systemClock, control, say)
  control?.serve(controlOf(supervisor, plan))
  // Whatever ends this process ends the others, too, even an error of its own.
  process.on('exit', () => supervisor.kill())
  const stopping = new AbortController()
  const stopped = stopOnRequest(supervisor, control, stopping, say)
  const descriptors = descriptorsMax()
  if (descriptors !== undefined && descriptors < DESCRIPTORS_FEW) {
    say(`ulimit -n is ${descriptors}: each process has room for ${connectionsMaxOf(descriptors)} connections of others.`)
  }
  supervisor.start()
  const status = await waitUntilTrading(plan, stopping.signal, say)
  if (status) announce({ options, plan, supervisor, control, demo, status }, systemClock.monotonicMs() - startedAtMs)
  if (status && options.open) showInBrowser(plan, control, say)
  if (status && demo) void runDemo(clientOf(plan), data, systemClock, stopping.signal)
  await stopped
  if (folder.isInPlace()) {
    removeUpState(data)
    removeControlFile(data)
  }
  folder.release()
  process.exit(EXIT.ok)
}

/** Opens the page in a browser. Says its address when that fails. Does not wait for the browser. */
function showInBrowser(plan: ClusterPlan, control: ControlServer | undefined, say: (line: string) => void): void {
  const page = control?.url ?? `http://${frontEndAddress(plan)}/`
  void openInBrowser(control ? control.urlForOnce() : page).then((why) => {
    if (why !== undefined) say(`No browser could be opened (${why}). The page is at ${page}`)
  })
}

/**
 * Returns the wanted port of each replica, or undefined where any port will do. When only ports are given, there are as many
 * replicas as ports.
 */
function replicaPorts(
  { replicas, orderPorts }: Pick<UpOptions, 'replicas' | 'orderPorts'>,
  replicasIsDefault: boolean,
): readonly (number | undefined)[] {
  if (!orderPorts) return Array.from({ length: replicas }, () => undefined)
  if (orderPorts.length > LIMITS.replicasMax) {
    throw new CommandFailure(
      `--order-ports names ${orderPorts.length} ports, and a system has at most ${LIMITS.replicasMax} replicas`,
      EXIT.usage,
    )
  }
  if (orderPorts.length === replicas || replicasIsDefault) return orderPorts
  throw new CommandFailure(`--order-ports names ${orderPorts.length} ports for ${replicas} replicas`, EXIT.usage)
}

async function planFor(options: UpOptions, data: string, orderPorts: readonly (number | undefined)[]): Promise<ClusterPlan> {
  const { host, grpcHost, cache, cacheStocks, streams, cors, logLevel } = options
  const [frontEndPort = 0, cataloguePort = 0, ...grantedOrderPorts] = await grantPorts(
    [
      { use: 'the front end', host, port: options.port, flag: '--port', orAny: false },
      { use: 'the catalogue', host: grpcHost, port: options.catalogPort, flag: '--catalog-port', orAny: false },
      ...orderPorts.map((port, at) => ({
        use: `order-${at + 1}`,
        host: grpcHost,
        port: port ?? FIRST_REPLICA_PORT + at,
        flag: '--order-ports',
        orAny: port === undefined,
      })),
    ],
    systemClock,
  )
  const stocks = options.stocks === undefined ? {} : { stocks: resolve(options.stocks) }
  const ports = { frontEndPort, cataloguePort, orderPorts: grantedOrderPorts }
  return { ...ports, ...stocks, data, host, grpcHost, caching: cache, cacheStocksMax: cacheStocks, streams, cors, logLevel }
}

/** Resolves once the first request to stop has been carried out. A second one kills all processes. */
function stopOnRequest(
  supervisor: Supervisor,
  control: ControlServer | undefined,
  stopping: AbortController,
  say: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let askedAtMs: number | undefined
    onStopRequest(() => {
      const nowMs = systemClock.monotonicMs()
      if (askedAtMs === undefined) {
        askedAtMs = nowMs
        say('Stopping: front end, replicas, catalogue. Once more to kill them at once.')
        stopping.abort()
        control?.close()
        supervisor.stop().then(resolve, reject)
      } else if (nowMs - askedAtMs > SAME_KEYPRESS_MS) {
        supervisor.kill()
      }
    })
  })
}

const clientOf = (plan: ClusterPlan, limits: Pick<ClientOptions, 'timeoutMs' | 'retryForMs'> = {}): BazaarClient =>
  new BazaarClient({ host: reachable(plan.host), port: plan.frontEndPort, ...limits })

async function waitUntilTrading(plan: ClusterPlan, signal: AbortSignal, say: (line: string) => void): Promise<StatusData | undefined> {
  const client = clientOf(plan, { timeoutMs: LOOK_TIMEOUT_MS, retryForMs: 0 })
  say(`Starting ${processesOf(plan).length} processes …`)
  const status = await waitForTrading(client, systemClock, signal, (missing) => say(`Waiting for ${missing} …`))
  client.close()
  return status
}

interface Started {
  readonly options: UpOptions
  readonly plan: ClusterPlan
  readonly supervisor: Supervisor
  readonly control: ControlServer | undefined
  readonly demo: boolean
  readonly status: StatusData
}

function announce({ options, plan, supervisor, control, demo, status }: Started, startedInMs: number): void {
  const frontEnd = frontEndAddress(plan)
  if (options.json) {
    const { leader } = status
    const processes = supervisor.states().map(({ name, address, pid }) => ({ name, address, pid }))
    printJson({
      pid: process.pid,
      url: `http://${frontEnd}`,
      frontEnd,
      control: control?.address,
      leader,
      data: plan.data,
      demo,
      processes,
    })
    return
  }
  // Whoever reads a file or a journal of the output must not learn the token.
  const page = process.stdout.isTTY ? control?.url : undefined
  const facts = { frontEnd, ...(page !== undefined && { page }), data: options.data, status, demo, startedInMs }
  for (const line of bannerLines(facts, painterFor(process.stdout))) print(line)
}
