import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OrderData } from '../../src/http/types.ts'
import { untilTradingAt, type Addresses } from '../cluster.ts'
import { place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess } from '../fault/process.ts'
import { freePort } from '../free-port.ts'

const ORDERS = 3
const STOCK = 'nike'

/** Another system with one replica that listens on a port which was ours. */
export class Neighbour implements Addresses {
  readonly frontEnd: string
  readonly catalogue: string
  readonly replicas: Addresses['replicas']
  readonly #folder = mkdtempSync(join(tmpdir(), 'bazaar-neighbour-'))
  readonly #processes: readonly CliProcess[]
  readonly #acknowledged: OrderData[] = []
  readonly #onExit = (): void => {
    for (const process of this.#processes) process.signal('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  private constructor(id: number, port: number, cataloguePort: number, frontEndPort: number) {
    this.replicas = [{ id, address: `127.0.0.1:${port}` }]
    this.catalogue = `127.0.0.1:${cataloguePort}`
    this.frontEnd = `127.0.0.1:${frontEndPort}`
    const environment = { CATALOG_HOST: this.catalogue }
    const data = ['--data', this.#folder]
    const commands = [
      ['catalog', '--port', `${cataloguePort}`, ...data],
      ['order', `${port}`, `${id}`, '127.0.0.1', `${frontEndPort}`, '1', ...data],
      ['frontend', `${id}`, `127.0.0.1:${port}`, '1', '--port', `${frontEndPort}`],
    ]
    this.#processes = commands.map((command) => new CliProcess(command, environment))
    process.once('exit', this.#onExit)
  }

  /** Starts such a system with a replica of this id on this port. */
  static async moveIn(id: number, port: number): Promise<Neighbour> {
    return new Neighbour(id, port, await freePort(), await freePort())
  }

  /** Places some orders; rejects when it cannot. */
  async trade(): Promise<void> {
    await untilTradingAt(this.frontEnd)
    for (let n = 1; n <= ORDERS; n++) {
      this.#acknowledged.push({ number: await place(this, STOCK, 'sell', n), name: STOCK, type: 'sell', quantity: n })
    }
  }

  /** Rejects unless this system holds the orders that it acknowledged, and no others. */
  async check(): Promise<void> {
    const log = await checkEndState(this, this.#acknowledged)
    if (log.length !== this.#acknowledged.length)
      throw new Error(`the neighbour holds ${log.length} orders, and took ${this.#acknowledged.length}`)
  }

  async moveOut(): Promise<void> {
    await Promise.all(this.#processes.toReversed().map((process) => process.stop()))
    process.off('exit', this.#onExit)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
