import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { untilTradingAt, type Addresses } from '../cluster.ts'
import { freePort } from '../free-port.ts'
import { CliProcess, survivors, type Exit } from './process.ts'

/** The ports of a system. The replicas 1, 2, … are in this order. */
export interface SystemPorts {
  readonly frontEnd: number
  readonly catalogue: number
  readonly orders: readonly number[]
}
/** Programs of another make, by the name of the process that they replace: files that take a replica's arguments. */
export type OtherPrograms = Readonly<Record<string, string>>

/**
 * The processes of a system, one by one. Only the test starts them, with the contract's own commands. A process that was
 * killed stays away until the test starts it again. Names: `catalogue`, `order-1`, `order-2`, `order-3`, `frontend`.
 */
export class BareSystem implements Addresses {
  readonly frontEnd: string
  readonly catalogue: string
  readonly replicas: Addresses['replicas']
  readonly dataDir: string
  readonly #running = new Map<string, CliProcess>()
  readonly #groups: number[] = []
  readonly #atTheEnd: (() => void)[] = []
  /** Files and connections that each process started from now on may have open. Undefined: as many as is usual. */
  descriptorsMax: number | undefined
  readonly #others: OtherPrograms

  /** `dataDir` is the folder of an earlier system, whose data this one goes on with. */
  constructor(ports: SystemPorts, dataDir = mkdtempSync(join(tmpdir(), 'bazaar-')), others: OtherPrograms = {}) {
    this.dataDir = dataDir
    this.#others = others
    this.frontEnd = `127.0.0.1:${ports.frontEnd}`
    this.catalogue = `127.0.0.1:${ports.catalogue}`
    this.replicas = ports.orders.map((port, i) => ({ id: i + 1, address: `127.0.0.1:${port}` }))
  }

  /** All names, in the contract's start order. */
  get names(): string[] {
    return ['catalogue', ...this.replicas.map(({ id }) => `order-${id}`), 'frontend']
  }

  start(...names: readonly string[]): void {
    for (const name of names) this.startWith(name)
  }

  /** Starts one process with further arguments. */
  startWith(name: string, ...words: readonly string[]): void {
    const args = [...this.#command(name), ...words]
    const program = this.#others[name]
    const options = { descriptorsMax: this.descriptorsMax, program }
    const started = new CliProcess(program ? args.slice(1) : args, { CATALOG_HOST: this.catalogue }, options)
    this.#groups.push(started.pid)
    this.#running.set(name, started)
  }

  async kill(...names: readonly string[]): Promise<void> {
    const killed = names.map((name) => this.#process(name))
    for (const one of killed) one.signal('SIGKILL')
    await Promise.all(killed.map(({ exited }) => exited))
  }

  /** Ends processes by SIGTERM, as an operator does. */
  async end(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#process(name).stop()))
  }

  /** Stops a process by SIGSTOP. Its connections stay, and it answers nothing. */
  pause(name: string): void {
    this.#process(name).signal('SIGSTOP')
  }

  /** The output of a process since its last start. */
  output(name: string): string {
    return this.#process(name).output
  }

  /** Resolves with the exit of a process that ends by itself. */
  exitOf(name: string): Promise<Exit> {
    return this.#process(name).exited
  }

  untilTrading(): Promise<void> {
    return untilTradingAt(this.frontEnd)
  }

  /** Starts a process, and starts it again whenever it ends by itself, as a supervisor does, until orders are decided. */
  async untilTradingWith(name: string): Promise<void> {
    let isTrading = false
    const trading = this.untilTrading().finally(() => (isTrading = true))
    do {
      this.start(name)
      await Promise.race([trading, this.exitOf(name)])
    } while (!isTrading)
    return trading
  }

  /** Calls `callback` once all processes have ended, before the folder is removed. */
  atTheEnd(callback: () => void): void {
    this.#atTheEnd.push(callback)
  }

  /** Ends all processes, removes the folder, and throws when a process is left or had to be killed. */
  async stop(): Promise<void> {
    const exits = await Promise.all([...this.#running.values()].map((running) => running.stop()))
    const left = survivors([], this.#groups)
    for (const pid of left) process.kill(pid, 'SIGKILL')
    for (const callback of this.#atTheEnd) callback()
    rmSync(this.dataDir, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`processes left after the end: ${left.join(', ')}`)
    if (exits.includes('had to be killed')) throw new Error('a process did not end on SIGTERM')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #command(name: string): string[] {
    if (name === 'catalogue') return ['catalog', '--port', portOf(this.catalogue), '--data', join(this.dataDir, name)]
    if (name === 'frontend') {
      const replicas = this.replicas.flatMap(({ id, address }) => [String(id), address])
      return ['frontend', ...replicas, '1', '--port', portOf(this.frontEnd)]
    }
    const replica = this.replicas.find(({ id }) => name === `order-${id}`)
    if (!replica) throw new Error(`no process "${name}"`)
    const words = ['order', portOf(replica.address), String(replica.id), '127.0.0.1', portOf(this.frontEnd), '1']
    const data = join(this.dataDir, name)
    return this.#others[name] ? [...words, data] : [...words, '--data', data]
  }

  #process(name: string): CliProcess {
    const found = this.#running.get(name)
    if (!found) throw new Error(`${name} was never started`)
    return found
  }
}

/** Returns a system of three replicas on free ports. Nothing of it runs yet. */
export async function bareSystem(others: OtherPrograms = {}): Promise<BareSystem> {
  const [frontEnd, catalogue, ...orders] = await Promise.all(Array.from({ length: 5 }, freePort))
  return new BareSystem({ frontEnd: frontEnd ?? 0, catalogue: catalogue ?? 0, orders }, undefined, others)
}

const portOf = (address: string) => address.slice(address.lastIndexOf(':') + 1)
