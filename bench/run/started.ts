import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { order } from '../load/requests.ts'
import { writeStocks } from '../load/stocks.ts'
import { askOnce } from './ask.ts'
import { killChildren, pause } from './child.ts'
import { totalCpu } from './measure.ts'
import type { Settings } from './settings.ts'
import { type System, type SystemKind, Unavailable } from './system.ts'

/** Shares put into each stock that is traded before the start, so that no order of a workload runs short. */
const FUND = 1_000_000
const IDLE_MS = 1_000

export interface Started {
  readonly kind: SystemKind
  readonly system: System
}

/** Returns the turns of one round, counted from 1. Each round begins with another system, so that none is always the last. */
export function turnsOf<T>(all: readonly T[], round: number): readonly T[] {
  const first = (round - 1) % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

/** All systems of one run, side by side, and the folder that they use. */
export class StartedSystems {
  readonly folder: string
  readonly started: Started[] = []
  readonly skipped: { readonly name: string; readonly why: string }[] = []
  readonly #removeFolder = () => rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  readonly #endAtExit = () => {
    killChildren()
    this.#removeFolder()
  }

  constructor(temporary: string) {
    this.folder = mkdtempSync(join(temporary, 'bazaar-bench-'))
    chmodSync(this.folder, 0o711) // A database server may have to run as another user, in a folder of its own.
    process.on('exit', this.#endAtExit)
  }

  /** Starts one system after the other. Systems that this machine cannot run are skipped. */
  async start({ kinds, modules, stocks }: Settings, signal: AbortSignal, say: (line: string) => void): Promise<void> {
    const stocksPath = stocks && join(this.folder, 'stocks.json')
    if (stocks && stocksPath) writeStocks(stocksPath, stocks)
    for (const kind of kinds) {
      signal.throwIfAborted()
      const folder = join(this.folder, kind.name)
      mkdirSync(folder)
      try {
        this.started.push({ kind, system: await kind.start({ folder, modules, stocksPath }) })
      } catch (error) {
        if (!(error instanceof Unavailable)) throw new Error(`${kind.name} does not start`, { cause: error })
        this.skipped.push({ name: kind.name, why: error.message })
        say(`SKIPPED ${kind.name}: ${error.message}`)
      }
    }
  }

  /** Ends all of them and removes everything. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.started.map(({ system }) => system.stop()))
    process.off('exit', this.#endAtExit)
    killChildren()
    this.#removeFolder()
  }

  /** Measures the share of one core that each system uses while nobody asks, in order. */
  async idleCpu(): Promise<number[]> {
    const before = this.started.map(({ system }) => totalCpu(system))
    await pause(IDLE_MS)
    return this.started.map(({ system }, at) => (totalCpu(system) - (before[at] ?? 0)) / (IDLE_MS * 1_000))
  }
}

/** Puts shares into every stock that is traded. @throws Error when an order is refused, since that is not the work to measure. */
export async function fund({ kind, system }: Started): Promise<void> {
  for (const { name } of OPENING_CATALOGUE) {
    const { method, path, body } = order(name, 'sell', FUND)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const { text } = await askOnce(system.address, { method, path, headers, body })
    const { data } = JSON.parse(text) as { data?: { transaction_number?: unknown } }
    if (typeof data?.transaction_number !== 'number') throw new Error(`${kind.name} refused an order: ${text}`)
  }
}
