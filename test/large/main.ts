/** What a long history costs: starts, recoveries, synchronization, and CPU and memory while trading, against a short one. */
import { Command } from 'commander'
import { endClustersOnSignals } from '../cluster.ts'
import { positive } from '../nemesis/options.ts'
import { tradeInTurns, type Load, type Turn } from './growth.ts'
import { measureRecoveries } from './recoveries.ts'
import { report, type Measured, type SystemFigures } from './report.ts'
import { TradedSystem } from './system.ts'

const SHORT_HISTORY = 1_000

interface Options extends Load {
  readonly orders: number
  readonly json?: boolean
}

const tell = (what: string): void => void process.stderr.write(`${what}\n`)

async function run({ json, ...options }: Options): Promise<void> {
  const measured = await measure(options)
  if (json) console.log(JSON.stringify(measured, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value)))
  else report(measured)
  if (measured.few.failedOrders + measured.many.failedOrders > 0) process.exitCode = 1
}

async function measure({ orders, ...load }: Options): Promise<Measured> {
  await using many = await TradedSystem.begin(orders, tell)
  const { few, turns } = await compare(many, load)
  const recoveries = await measureRecoveries(many, load.clients, tell)
  tell('every acknowledged order is looked for')
  await many.check()
  return { few, many: figuresOf(many, turns), recoveries }
}

/** Both systems run meanwhile; the one that waits for its turn costs next to nothing. */
async function compare(many: TradedSystem, load: Load): Promise<{ few: SystemFigures; turns: readonly Turn[] }> {
  await using few = await TradedSystem.begin(SHORT_HISTORY, tell)
  const [ofFew = [], ofMany = []] = await tradeInTurns([few, many], load, tell)
  await few.check()
  return { few: figuresOf(few, ofFew), turns: ofMany }
}

const figuresOf = ({ orders, startMs, failedOrders }: TradedSystem, turns: readonly Turn[]): SystemFigures => ({
  orders,
  startMs,
  turns,
  failedOrders,
})

const HELP = `
Exit codes: 0 measured, 1 an order was lost, wrong or failed for good, 2 called
wrongly, 130 interrupted.

Examples:
  npm run large
  npm run large -- --orders 5000000 --json`

endClustersOnSignals()
await new Command('large')
  .description('Measures what a long history costs, against a short one, and how long it takes to recover from losses.')
  .option('--orders <n>', 'how long the history is', positive, 1_000_000)
  .option('--clients <n>', 'clients that place orders without pause', positive, 32)
  .option('--rounds <n>', 'turns of each system while CPU and memory are measured', positive, 5)
  .option('--seconds <n>', 'length of one turn', positive, 5)
  .option('--json', 'the figures as JSON')
  .addHelpText('after', HELP)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync()
process.exit() // Kept connections would hold it.
