/** Measures the cost of a long history, compared with a short one: starts, recoveries, synchronization, CPU and memory while trading. */
import { Command, InvalidArgumentError } from 'commander'
import { endClustersOnSignals } from '../cluster.ts'
import { positive } from '../nemesis/options.ts'
import { tradeInTurns, type Load, type Turn } from './growth.ts'
import { measureRecoveries } from './recoveries.ts'
import { report, type Measured, type SystemFigures } from './report.ts'
import { TradedSystem } from './system.ts'

const SHORT_HISTORY = 1_000
const LONG_HISTORY_MIN = 10 * SHORT_HISTORY

interface Options extends Load {
  readonly orders: number
  readonly json?: boolean
}

const tell = (what: string): void => void process.stderr.write(`${what}\n`)

/** Measures and reports. The figures are reported before the check, which may throw. */
async function run({ json, orders, ...load }: Options): Promise<void> {
  await using many = await TradedSystem.begin(orders, tell)
  const { few, turns } = await compareInTurns(many, load)
  const recoveries = await measureRecoveries(many, load.clients, tell)
  const measured: Measured = { few, many: figuresOf(many, turns), recoveries }
  if (json) console.log(JSON.stringify(measured, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value)))
  else report(measured)
  tell('every acknowledged order is looked for')
  await many.check()
  if (few.failedOrders + many.failedOrders > 0) process.exitCode = 1
}

/** Compares the two systems in turns. Both run all the time, since one that waits for its turn costs next to nothing. */
async function compareInTurns(many: TradedSystem, load: Load): Promise<{ few: SystemFigures; turns: readonly Turn[] }> {
  await using few = await TradedSystem.begin(SHORT_HISTORY, tell)
  const [ofFew = [], ofMany = []] = await tradeInTurns([few, many], load, tell)
  await few.check()
  return { few: figuresOf(few, ofFew), turns: ofMany }
}

const figuresOf = ({ ordersAtStart, startMs, failedOrders }: TradedSystem, turns: readonly Turn[]): SystemFigures => ({
  ordersAtStart,
  startMs,
  turns,
  failedOrders,
})

function longHistory(text: string): number {
  const orders = positive(text)
  if (orders < LONG_HISTORY_MIN)
    throw new InvalidArgumentError(`It has to be at least ${LONG_HISTORY_MIN}: the other system has ${SHORT_HISTORY}.`)
  return orders
}

const HELP = `
It takes some three minutes with a million orders and eight with five million, and
half a gigabyte of the temporary folder for each million.

Exit codes: 0 measured, 1 could not measure, or an order was lost, wrong or failed
for good, 2 called wrongly, 130 interrupted.

Examples:
  npm run large
  npm run large -- --orders 5000000 --json`

endClustersOnSignals()
await new Command('large')
  .description('Measures what a long history costs, against a short one, and how long it takes to recover from losses.')
  .option('--orders <n>', 'how long the history is', longHistory, 1_000_000)
  .option('--clients <n>', 'clients that place orders without pause', positive, 32)
  .option('--rounds <n>', 'turns of each system while CPU and memory are measured', positive, 6)
  .option('--seconds <n>', 'length of one turn', positive, 5)
  .option('--json', 'the figures as JSON')
  .addHelpText('after', HELP)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync()
process.exit() // Kept connections would hold it.
