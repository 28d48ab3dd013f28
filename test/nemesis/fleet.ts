import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Addresses } from '../cluster.ts'
import { CliProcess, survivors, type Exit } from '../fault/process.ts'
import { freePort } from '../free-port.ts'
import { callerEnvironment, callersAreKnown, sourceAddress } from './callers.ts'
import { holdsItsFile, makeWay, REFUSAL, type Rivals, type Way } from './intruders.ts'
import { TcpProxy } from './proxy.ts'
import type { Transcript } from './transcript.ts'
import { identityOf, type LeftFile } from './verified.ts'
import { Wires } from './wires.ts'

const REPLICA_IDS = [1, 2, 3] as const
const FRONT_ENDS = ['frontend-1', 'frontend-2'] as const
export const REPLICAS = REPLICA_IDS.map((id) => `order-${id}`)
export const PROCESSES: readonly string[] = ['catalogue', ...REPLICAS, ...FRONT_ENDS]

const callerAt = (address: string): string | undefined => PROCESSES.find((_, place) => sourceAddress(place) === address)

/** Signals that only faults send. A process that is still loading its modules is ended by SIGTERM itself. */
const ASKED: ReadonlySet<Exit['signal']> = new Set(['SIGKILL', 'SIGTERM'])
/** A process that ended by itself is started again after this long, as `up` does it. */
const RESTART_MS = 200

interface Member {
  readonly port: number
  readonly proxy: TcpProxy
  readonly publicAddress: string
  readonly lives: CliProcess[]
  /** How many faults keep the process down, and how many keep it paused. */
  downs: number
  pauses: number
  /** Files and connections that its next life may have open. Undefined: as many as is usual. */
  descriptorsMax: number | undefined
  /** Variables beyond those that every process gets. */
  environment: Readonly<Record<string, string>>
}

/**
 * A system of three replicas and two front ends whose processes reach each other only through proxies. Faults take processes
 * down and pause them. The fleet brings back every process that no fault holds any more, and every one that ended by itself.
 */
export class Fleet implements Addresses {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'bazaar-nemesis-'))
  readonly wires = new Wires()
  /** Processes on whose port another system listens. */
  readonly neighbours = new Set<string>()
  /** Endings that no fault excuses, in words. */
  readonly wrongEnds: string[] = []
  /** Processes with a disk that a fault has hurt. From then on they may end themselves. */
  readonly #hurt = new Set<string>()
  /** Processes that a second process on their file may have kept from starting. */
  readonly #rivalled = new Set<string>()
  /** Processes whose files a fault has changed, each with the {@link identityOf} the damaged database. */
  readonly #damaged = new Map<string, number | undefined>()
  readonly #transcript: Transcript
  readonly #members = new Map<string, Member>()
  readonly #killAll = (): void => {
    for (const { lives } of this.#members.values()) lives.at(-1)?.signal('SIGKILL')
  }
  readonly #onExit = (): void => this.removeFolder()
  #stopping = false

  constructor(transcript: Transcript) {
    this.#transcript = transcript
  }

  get frontEnd(): string {
    return this.address('frontend-1')
  }
  get frontEnds(): readonly string[] {
    return FRONT_ENDS.map((name) => this.address(name))
  }
  get catalogue(): string {
    return this.address('catalogue')
  }
  get replicas(): Addresses['replicas'] {
    return REPLICA_IDS.map((id) => ({ id, address: this.address(`order-${id}`) }))
  }

  /** Returns where the process itself listens, past its proxy. */
  address(name: string): string {
    return `127.0.0.1:${this.port(name)}`
  }

  port(name: string): number {
    return this.#member(name).port
  }

  replicaId(name: string): number {
    return Number(name.slice('order-'.length))
  }

  /** Returns the name of the process with this public address. */
  nameOf(publicAddress: string): string | undefined {
    return PROCESSES.find((name) => this.#member(name).publicAddress === publicAddress)
  }

  get names(): readonly string[] {
    return [...this.#members.keys()]
  }

  /** Returns the folder of the process's database. */
  folder(name: string): string {
    return join(this.dataDir, name)
  }

  /** Notes that a fault is about to hurt the process's disk. */
  noteHurt(name: string): void {
    this.#hurt.add(name)
  }

  /** Notes that a fault has changed the process's database, which no process has open. */
  noteDamage(name: string): void {
    this.#damaged.set(name, identityOf(this.#database(name)))
  }

  /** Notes that a fault has removed the process's database, and all damage with it. */
  noteLoss(name: string): void {
    this.#damaged.delete(name)
  }

  /** The databases of all processes that keep one. */
  get files(): readonly LeftFile[] {
    return ['catalogue', ...REPLICAS].map((name) => {
      const path = this.#database(name)
      const isDamaged = this.#damaged.has(name) && this.#damaged.get(name) === identityOf(path)
      return { path, kind: name === 'catalogue' ? 'ledger' : 'order log', isDamaged }
    })
  }

  /** Returns the folder from which its clock and its disk's failures are set. It is not on its disk, which may be full or lost. */
  controlFolder(name: string): string {
    return join(this.dataDir, `${name}-control`)
  }

  /** Returns all output of the process, from its first start on. */
  output(name: string): string {
    return this.#member(name)
      .lives.map((life) => life.output)
      .join('')
  }

  /** Starts everything. `makeDisk` may prepare a process's folder, which exists and is empty. */
  async start(environmentOf: (name: string) => Readonly<Record<string, string>>, makeDisk: (name: string) => void): Promise<void> {
    for (const name of PROCESSES) {
      mkdirSync(this.folder(name), { recursive: true })
      mkdirSync(this.controlFolder(name))
      makeDisk(name)
      const port = await freePort()
      const proxy = new TcpProxy(name, port, this.wires, callerAt)
      const publicAddress = await proxy.listen()
      const environment = { ...callerEnvironment(sourceAddress(PROCESSES.indexOf(name))), ...environmentOf(name) }
      this.#members.set(name, { port, proxy, publicAddress, environment, lives: [], downs: 0, pauses: 0, descriptorsMax: undefined })
    }
    for (const name of PROCESSES) this.#spawn(name)
    process.prependOnceListener('exit', this.#killAll) // Before any folder is removed,
    process.once('exit', this.#onExit) // and this after the disks in it have been taken away.
  }

  /** Ends a process, and keeps it down until the returned function is called. Resolves when it is gone. */
  async takeDown(name: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<() => void> {
    const member = this.#member(name)
    member.downs++
    const life = member.lives.at(-1)
    if (signal === 'SIGKILL') life?.signal(signal)
    if (life?.running) this.#judgeEnd(name, signal === 'SIGKILL' ? await life.exited : await life.stop())
    return once(() => {
      member.downs--
      if (!this.#stopping) this.#spawn(name)
    })
  }

  /** Stops a process by SIGSTOP until the returned function is called. */
  pause(name: string): () => void {
    const member = this.#member(name)
    member.pauses++
    member.lives.at(-1)?.signal('SIGSTOP')
    return once(() => {
      member.pauses--
      if (member.pauses === 0) member.lives.at(-1)?.signal('SIGCONT')
    })
  }

  /** Limits the files and connections that a process may have open from its next start on. Undefined: as many as is usual. */
  limitDescriptors(name: string, most: number | undefined): void {
    this.#member(name).descriptorsMax = most
  }

  /**
   * Starts a second process on the file of `name`, which it gets at by the given way. Returns undefined when the first process
   * has not opened its file yet.
   */
  startSecond(name: string, way: Way): Rivals | undefined {
    const { lives, environment } = this.#member(name)
    const first = lives.at(-1)
    const database = this.#database(name)
    if (!first || !holdsItsFile(first) || identityOf(database) === undefined) return undefined
    this.#rivalled.add(name) // When the first process ends meanwhile, the second one holds the file for a moment.
    const words = this.#command(name, { port: 0, folder: makeWay(way, database) })
    const second = new CliProcess(words, { CATALOG_HOST: this.#member('catalogue').publicAddress, ...environment })
    return { first, second, database }
  }

  /** Breaks all connections between two processes. Returns how many there were. */
  reset(one: string, other: string): number {
    return this.#member(one).proxy.reset(other) + this.#member(other).proxy.reset(one)
  }

  /** Forgets every connection of this process on which nothing has come for `idleMs`. Returns how many there were. */
  forgetIdle(name: string, idleMs: number): number {
    const own = this.#member(name).proxy.forgetIdle(idleMs)
    const others = [...this.#members.values()].filter(({ proxy }) => proxy.name !== name)
    return others.reduce((sum, { proxy }) => sum + proxy.forgetIdle(idleMs, name), own)
  }

  /** Ends every process and removes the folder. Returns complaints about the way they ended. */
  async stop(): Promise<string[]> {
    this.#stopping = true
    const members = [...this.#members]
    const lives = members.flatMap(([name, member]) => member.lives.map((life) => ({ name, life })))
    await Promise.all(lives.map(async ({ name, life }) => life.running && this.#judgeEnd(name, await life.stop())))
    const unknownCallers = members.filter(([, { proxy }]) => callersAreKnown && proxy.unknownCallers > 0).map(([name]) => name)
    for (const [, { proxy }] of members) proxy.close()
    const left = survivors(
      [],
      lives.map(({ life }) => life.pid),
    )
    for (const pid of left) process.kill(pid, 'SIGKILL')
    return [
      ...this.wrongEnds,
      ...(left.length > 0 ? [`processes left after the end: ${left.join(', ')}`] : []),
      ...unknownCallers.map((name) => `a connection to ${name} was nobody's, so no fault of the network met it`),
    ]
  }

  removeFolder(): void {
    process.off('exit', this.#killAll)
    process.off('exit', this.#onExit)
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 })
  }

  #database(name: string): string {
    return join(this.folder(name), name === 'catalogue' ? 'catalog.db' : `${name.replace('-', '')}.db`)
  }

  #spawn(name: string): void {
    const member = this.#member(name)
    if (member.downs > 0 || member.lives.at(-1)?.running) return
    const catalogue = this.#member('catalogue').publicAddress
    const environment = { CATALOG_HOST: catalogue, BAZAAR_LOG_LEVEL: 'debug', ...member.environment }
    const life = new CliProcess(this.#command(name), environment, { descriptorsMax: member.descriptorsMax })
    member.lives.push(life)
    void life.exited.then((exit) => this.#ended(name, exit))
  }

  #ended(name: string, { code, signal }: Exit): void {
    if (this.#stopping || this.#member(name).downs > 0) return
    const words = `${name} ended by itself: ${signal ?? `code ${code}`}, ${lastWords(this.output(name))}`
    this.#transcript.tell(words)
    this.#judgeEnd(name, { code, signal })
    setTimeout(() => this.#stopping || this.#spawn(name), RESTART_MS)
  }

  /** Judges the end of a process. Asked to end, it has to do so with code 0. It may end by itself only for its disk. */
  #judgeEnd(name: string, exit: Exit | 'had to be killed'): void {
    if (exit === 'had to be killed') this.wrongEnds.push(`${name} did not end on SIGTERM`)
    else if (exit.code === 1 && this.#rivalled.has(name) && REFUSAL.test(lastWords(this.output(name)))) return
    else if (exit.code !== 0 && !ASKED.has(exit.signal) && !this.#hurt.has(name)) {
      const how = exit.signal ?? `code ${exit.code}`
      this.wrongEnds.push(`nothing was wrong with its disk, but ${name} ended with ${how}: ${lastWords(this.output(name))}`)
    }
  }

  #command(name: string, { port, folder } = { port: this.#member(name).port, folder: this.folder(name) }): string[] {
    const { publicAddress } = this.#member(name)
    const data = ['--data', folder]
    const replicas = REPLICA_IDS.map((id) => ({ id, address: this.#member(`order-${id}`).publicAddress }))
    if (name === 'catalogue') {
      const known = replicas.map(({ address }) => address).join(',')
      return ['catalog', '--port', String(port), '--replica-addresses', known, ...data]
    }
    const advertise = ['--advertise', publicAddress]
    if (name.startsWith('frontend')) {
      const members = replicas.flatMap(({ id, address }) => [String(id), address])
      return ['frontend', ...members, '1', '--port', String(port), ...advertise]
    }
    const id = this.replicaId(name)
    // Different replicas ask different front ends who leads.
    const frontEnd = this.#member(FRONT_ENDS[id % FRONT_ENDS.length]!).publicAddress.split(':')
    return ['order', String(port), String(id), ...frontEnd, '1', ...advertise, ...data]
  }

  #member(name: string): Member {
    const member = this.#members.get(name)
    if (!member) throw new Error(`no process "${name}"`)
    return member
  }
}

function once(run: () => void): () => void {
  let ran = false
  return () => {
    if (!ran) run()
    ran = true
  }
}

const lastWords = (output: string): string => output.trimEnd().split('\n').at(-1)?.slice(0, 600) ?? 'without a word'
