import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LeaderData } from '../src/http/types.ts'
import { ask, dataOf, order } from './contract/conformance/http.ts'
import { CliProcess, eventually, HOPELESS_MS, survivors } from './fault/process.ts'
import { freePort } from './free-port.ts'

/** Where the processes of a running system listen, "host:port" each. */
export interface Addresses {
  readonly frontEnd: string
  readonly catalogue: string
  readonly replicas: readonly { readonly id: number; readonly address: string }[]
}

/** The parts of `<data>/up.json` that are used here. `up --json` prints the same. */
interface UpState {
  readonly frontEnd: string
  readonly processes: readonly { readonly name: string; readonly address: string; readonly pid: number | null }[]
}

export interface ClusterOptions {
  readonly replicas?: number
  readonly caching?: boolean
  /** The number of front ends. Those after the first are started by hand, beside the supervisor. */
  readonly frontEnds?: number
  /** Further arguments of `up`. */
  readonly words?: readonly string[]
  /** Environment variables of `up` beyond the usual ones. It hands them on to its processes. */
  readonly environment?: Readonly<Record<string, string>>
  /** Words in front of `up`, such as `taskset --cpu-list 0`. What they limit is limited for all its processes. */
  readonly prefix?: readonly string[]
}

/** `up` starts a process that has lived so long at once. It waits longer and longer for one that dies again within 10 s. */
export const LONG_LIFE_MS = 10_500
const INTERRUPTED = 130

/**
 * A whole system of real processes on free ports and a temporary folder. `stop` or `await using` ends it. The folder is
 * removed when this process ends, at the latest.
 */
export class Cluster implements Addresses {
  /** Clusters whose folders are still there. One listener serves all of them; otherwise each would add its own. */
  static readonly #standing = new Set<Cluster>()
  static {
    process.once('exit', () => {
      for (const cluster of Cluster.#standing) cluster.#removeFolder()
    })
  }

  readonly dataDir = mkdtempSync(join(tmpdir(), 'bazaar-'))
  readonly #options: Required<ClusterOptions>
  readonly #pidsSeen = new Set<number>()
  readonly #groups: number[] = []
  #supervisor: CliProcess | undefined
  #furtherFrontEnds: { readonly process: CliProcess; readonly address: string }[] = []
  #report: Addresses | undefined

  constructor(options: Required<ClusterOptions>) {
    this.#options = options
    Cluster.#standing.add(this)
  }

  /** Ends the processes of all clusters. Their folders stay until this process ends, since somebody may still use them. */
  static async endAll(): Promise<void> {
    await Promise.allSettled([...Cluster.#standing].map((cluster) => cluster.#endProcesses()))
  }

  get frontEnd(): string {
    return this.#reported.frontEnd
  }
  get catalogue(): string {
    return this.#reported.catalogue
  }
  get replicas(): Addresses['replicas'] {
    return this.#reported.replicas
  }
  /** All front ends, the supervised one first. */
  get frontEnds(): readonly string[] {
    return [this.frontEnd, ...this.#furtherFrontEnds.map(({ address }) => address)]
  }

  /** Process ids by name: `catalogue`, `order-1`, …, `frontend`. A process that is away has none. */
  get pids(): ReadonlyMap<string, number> {
    const { processes } = JSON.parse(readFileSync(join(this.dataDir, 'up.json'), 'utf8')) as UpState
    const running = processes.flatMap(({ name, pid }) => (pid === null ? [] : [[name, pid] as const]))
    for (const [, pid] of running) this.#pidsSeen.add(pid)
    return new Map(running)
  }

  pid(name: string): number {
    const pid = this.pids.get(name)
    if (pid === undefined) throw new Error(`no process "${name}" runs, only ${[...this.pids.keys()].join(', ')}`)
    return pid
  }

  /** Kills a process by SIGKILL. Returns the process id that is gone, for {@link restartedSince}. */
  kill(name: string): number {
    return this.#signal(name, 'SIGKILL')
  }
  pause(name: string): number {
    return this.#signal(name, 'SIGSTOP')
  }
  resume(name: string): number {
    return this.#signal(name, 'SIGCONT')
  }

  /** Waits until the supervisor runs `name` again under another process id than `pid`. */
  restartedSince(name: string, pid: number): Promise<number> {
    return eventually(`${name} restarted`, HOPELESS_MS, () => (this.pid(name) === pid ? undefined : this.pid(name)))
  }

  /** Waits until a replica leads. Returns the name of its process. */
  async leader(): Promise<string> {
    const { leader } = await eventually('one leads', HOPELESS_MS, async () => dataOf<LeaderData>(await ask(this.frontEnd, '/leader')))
    const replica = this.replicas.find(({ address }) => address === leader)
    if (!replica) throw new Error(`the leader ${leader} is none of our replicas`)
    return `order-${replica.id}`
  }

  /** Says in words when another replica than `leader` leads. Returns nothing when it still leads. */
  async changesSince(leader: string): Promise<string[]> {
    const now = await this.leader()
    return now === leader ? [] : [`${now} leads, no longer ${leader}`]
  }

  /** Returns the names of the replicas' processes that do not lead. */
  async followers(): Promise<string[]> {
    const leader = await this.leader()
    return this.replicas.map(({ id }) => `order-${id}`).filter((name) => name !== leader)
  }

  /** Waits until every front end gets orders decided. Only the catalogue refuses an order of a stock that does not exist. */
  async untilTrading(): Promise<void> {
    for (const address of this.frontEnds) await untilTradingAt(address)
  }

  /** Returns the output of the supervisor, and the end of every log. Call it before `stop`, which removes the folder. */
  lastWords(): string {
    const folder = join(this.dataDir, 'logs')
    const logs = existsSync(folder) ? readdirSync(folder) : []
    const ends = logs.map((log) => `${log}: …${readFileSync(join(folder, log), 'utf8').slice(-1500)}`)
    return [`up: ${this.#supervisor?.output}`, ...ends].join('\n')
  }

  async start(ports: readonly string[] = ['--port', '0', '--catalog-port', '0', ...this.#anyOrderPorts()]): Promise<void> {
    const { caching, words, environment, prefix } = this.#options
    const args = ['up', '--json', '--data', this.dataDir, ...ports, ...(caching ? [] : ['--cache', '0']), ...words]
    const supervisor = new CliProcess(args, environment, { prefix })
    this.#supervisor = supervisor
    this.#groups.push(supervisor.pid)
    this.#report = await eventually('`up` reports', HOPELESS_MS, () => reportIn(supervisor))
    void this.pids
    for (let n = 1; n < this.#options.frontEnds; n++) await this.#startFrontEnd()
    await this.untilTrading()
  }

  /** Ends every process in order and starts all of them again on the same data and ports. */
  async restart(): Promise<void> {
    const { frontEnd, catalogue, replicas } = this.#reported
    await this.#endProcesses()
    const orderPorts = replicas.map(({ address }) => portOf(address)).join(',')
    await this.start(['--port', portOf(frontEnd), '--catalog-port', portOf(catalogue), '--order-ports', orderPorts])
  }

  /** Ends every process, removes the folder, and throws when a process is left or had to be killed. */
  async stop(): Promise<void> {
    try {
      await this.#endProcesses()
    } finally {
      this.#removeFolder()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #removeFolder(): void {
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 })
    Cluster.#standing.delete(this)
  }

  async #endProcesses(): Promise<void> {
    if (this.#report) void this.pids
    const processes = [...this.#furtherFrontEnds.map(({ process }) => process), this.#supervisor]
    const exits = await Promise.all(processes.map((process) => process?.stop()))
    this.#furtherFrontEnds = []
    const left = survivors(this.#pidsSeen, this.#groups)
    for (const pid of left) process.kill(pid, 'SIGKILL')
    if (left.length > 0) throw new Error(`processes left after the end: ${left.join(', ')}`)
    if (exits.includes('had to be killed')) throw new Error('a process did not end on SIGTERM')
  }

  async #startFrontEnd(): Promise<void> {
    const port = await freePort()
    const replicas = this.replicas.flatMap(({ id, address }) => [String(id), address])
    const cache = this.#options.caching ? '1' : '0'
    const environment = { CATALOG_HOST: this.catalogue }
    const process = new CliProcess(['frontend', ...replicas, cache, '--port', String(port)], environment)
    this.#groups.push(process.pid)
    this.#furtherFrontEnds.push({ process, address: `127.0.0.1:${port}` })
  }

  #signal(name: string, signal: NodeJS.Signals): number {
    const pid = this.pid(name)
    process.kill(pid, signal)
    return pid
  }

  #anyOrderPorts(): string[] {
    return ['--order-ports', Array(this.#options.replicas).fill('0').join(',')]
  }

  get #reported(): Addresses {
    if (!this.#report) throw new Error('the cluster has not been started')
    return this.#report
  }
}

/** Starts a whole system by the `up` command, and waits until it trades. `fill` may put files into its folder before. */
export async function startCluster(
  options: ClusterOptions = {},
  fill: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<Cluster> {
  const cluster = new Cluster({ replicas: 3, caching: true, frontEnds: 1, words: [], environment: {}, prefix: [], ...options })
  try {
    await fill(cluster.dataDir)
    await cluster.start()
    return cluster
  } catch (error) {
    const words = cluster.lastWords()
    await cluster.stop().catch(() => {}) // The first failure counts.
    throw new Error(`the cluster does not start; ${words}`, { cause: error })
  }
}

/** Makes Ctrl-C and SIGTERM end all clusters, and then the program. For programs that are no tests. */
export function endClustersOnSignals(): void {
  let isEnding = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isEnding) return // npm passes the terminal's Ctrl-C on once more.
      isEnding = true
      void Cluster.endAll().finally(() => process.exit(INTERRUPTED))
    })
  }
}

/** Waits until this front end gets orders decided. */
export async function untilTradingAt(frontEnd: string): Promise<void> {
  await eventually(`${frontEnd} trades`, HOPELESS_MS, async () => {
    const { status, body } = await order(frontEnd, { name: 'no such stock', quantity: 1, type: 'buy' })
    const { error } = (body ?? {}) as { error?: { message?: string } }
    return (status === 404 && error?.message === 'stock not found') || undefined
  })
}

const portOf = (address: string) => address.slice(address.lastIndexOf(':') + 1)

function reportIn({ output, running }: CliProcess): Addresses | undefined {
  if (!running) throw new Error(`\`up\` ended: ${output}`)
  const line = output.split('\n').find((text) => text.startsWith('{') && text.includes('"frontEnd"'))
  return line ? addressesIn(JSON.parse(line) as UpState) : undefined
}

function addressesIn({ frontEnd, processes }: UpState): Addresses {
  const catalogue = processes.find(({ name }) => name === 'catalogue')?.address ?? ''
  const replicas = processes.flatMap(({ name, address }) => {
    const id = /^order-(\d+)$/.exec(name)?.[1]
    return id ? [{ id: Number(id), address }] : []
  })
  return { frontEnd, catalogue, replicas }
}
