import { spread } from '../statistics.ts'
import { count } from '../../src/cli/units.ts'
import type { Turn } from './growth.ts'
import type { Recoveries } from './recoveries.ts'

export interface Measured {
  readonly few: SystemFigures
  readonly many: SystemFigures
  readonly recoveries: Recoveries
}

export interface SystemFigures {
  readonly ordersAtStart: number
  readonly startMs: number
  readonly turns: readonly Turn[]
  /** Orders that were given up in the whole run. */
  readonly failedOrders: number
}

/** Prints the figures as a table. The ratio of a round is that of two turns next to each other. */
export function report({ few, many, recoveries }: Measured): void {
  const pairs = many.turns.map((turn, i): [Turn, Turn] => [few.turns[i]!, turn])
  const rowOf = (what: string, digits: number, figure: (turn: Turn) => number | undefined) => {
    const known = pairs.map(([one, other]) => [figure(one), figure(other)] as const)
    const ratios = known.flatMap(([one, other]) => (one && other ? [other / one] : []))
    if (ratios.length === 0) return
    const [ones, others] = [0, 1].map((at) => spread(known.flatMap((pair) => pair[at] ?? [])).median.toFixed(digits))
    const { median, min, max } = spread(ratios)
    row(what, ones!, others!, median.toFixed(2), `${min.toFixed(2)}–${max.toFixed(2)}`)
  }
  row('at the start', `${few.ordersAtStart} orders`, `${many.ordersAtStart} orders`, 'ratio', 'min–max')
  row('all processes started, trading', seconds(few.startMs), seconds(many.startMs), (many.startMs / few.startMs).toFixed(2))
  rowOf('orders/s', 0, (turn) => turn.ordersPerSecond)
  rowOf('all processes: CPU per order, µs', 0, (turn) => cpuOf(turn))
  for (const name of many.turns[0]?.costs.keys() ?? []) {
    rowOf(`${name}: CPU per order, µs`, 0, (turn) => turn.costs.get(name)?.cpuPerOrderUs)
    rowOf(`${name}: memory, MB`, 0, (turn) => turn.costs.get(name)?.memoryMb)
  }
  console.log(`Medians of ${count(pairs.length, 'round')}, both systems in turn; the ratio is the median of the rounds' ratios.`)
  reportRecoveries(recoveries)
  console.log(`orders that failed for good: ${few.failedOrders + many.failedOrders}`)
}

function reportRecoveries({ catalogueMs, followerMs, replica, ledgerMs }: Recoveries): void {
  console.log(`catalogue killed: trading again after ${seconds(catalogueMs)}`)
  console.log(`a follower killed: in sync again after ${seconds(followerMs)}`)
  const { sent } = replica
  console.log(`a follower's disk lost: all there again after ${seconds(replica.ms)}; trading kept ${percent(replica.tradingKept)}`)
  if (sent) {
    console.log(
      `  of that ${seconds(sent.ms)} for ${sent.entries} entries, ${((1_000 * sent.entries) / sent.ms).toFixed(0)}/s, each for ` +
        `${sent.cpuPerEntryUs.toFixed(0)} µs of CPU in all processes beyond that of trading, which kept ${percent(sent.tradingKept)}`,
    )
  }
  console.log(`the ledger's disk lost: trading again after ${seconds(ledgerMs)}`)
}

const cpuOf = ({ costs }: Turn): number => [...costs.values()].reduce((sum, { cpuPerOrderUs }) => sum + cpuPerOrderUs, 0)

const row = (what: string, ...cells: string[]): void => console.log(what.padEnd(44) + cells.map((cell) => cell.padStart(16)).join(''))

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

const percent = (share: number): string => `${(100 * share).toFixed(0)} % of its rate`
