import { spread } from '../../bench/run/statistics.ts'
import type { Turn } from './growth.ts'
import type { Recoveries } from './recoveries.ts'

export interface Measured {
  readonly few: SystemFigures
  readonly many: SystemFigures
  readonly recoveries: Recoveries
}

export interface SystemFigures {
  readonly orders: number
  readonly startMs: number
  readonly turns: readonly Turn[]
  /** Orders that were given up, from begin to end. */
  readonly failedOrders: number
}

/** Prints what was measured as a table; the ratio of each round is that of two turns next to each other. */
export function report({ few, many, recoveries }: Measured): void {
  const pairs = many.turns.map((turn, i): [Turn, Turn] => [few.turns[i]!, turn])
  const compare = (what: string, digits: number, figure: (turn: Turn) => number | undefined) => {
    const known = pairs.map(([one, other]) => [figure(one), figure(other)] as const)
    const ratios = known.flatMap(([one, other]) => (one && other ? [other / one] : []))
    if (ratios.length === 0) return
    const [ones, others] = [0, 1].map((at) => spread(known.flatMap((pair) => pair[at] ?? [])).median.toFixed(digits))
    const { median, min, max } = spread(ratios)
    row(what, ones!, others!, median.toFixed(2), `${min.toFixed(2)}–${max.toFixed(2)}`)
  }
  row('', `${few.orders} orders`, `${many.orders} orders`, 'ratio', 'min–max')
  row('all processes started, trading', seconds(few.startMs), seconds(many.startMs), (many.startMs / few.startMs).toFixed(2))
  compare('orders/s', 0, (turn) => turn.ordersPerSecond)
  compare('all processes: CPU per order, us', 0, (turn) => cpuOf(turn))
  for (const name of many.turns[0]?.costs.keys() ?? []) {
    compare(`${name}: CPU per order, us`, 0, (turn) => turn.costs.get(name)?.cpuPerOrderUs)
    compare(`${name}: memory, MB`, 0, (turn) => turn.costs.get(name)?.memoryMb)
  }
  console.log(`Medians of ${pairs.length} rounds, both systems in turn.`)
  reportRecoveries(recoveries)
  console.log(`orders that failed for good: ${few.failedOrders + many.failedOrders}`)
}

function reportRecoveries({ catalogueMs, followerMs, replica, ledgerMs }: Recoveries): void {
  console.log(`catalogue killed: trading again after ${seconds(catalogueMs)}`)
  console.log(`a follower killed: in sync again after ${seconds(followerMs)}`)
  console.log(
    `a follower's disk lost: all there again after ${seconds(replica.ms)}, ${orDash(replica.entriesPerSecond)} entries/s ` +
      `once it was up; meanwhile trading kept ${(100 * replica.tradingKept).toFixed(0)} % of its rate`,
  )
  console.log(`CPU of all processes per entry that it was sent, without that of trading: ${orDash(replica.cpuPerEntryUs)} us`)
  console.log(`the ledger's disk lost: trading again after ${seconds(ledgerMs)}`)
}

const cpuOf = ({ costs }: Turn): number => [...costs.values()].reduce((sum, { cpuPerOrderUs }) => sum + cpuPerOrderUs, 0)

const row = (what: string, ...cells: string[]): void =>
  console.log(what.padEnd(44) + cells.map((cell) => cell.padStart(16)).join(''))

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

/** A dash for what could not be measured. */
const orDash = (value: number | null): string => value?.toFixed(0) ?? '-'
