import type { Command } from 'commander'
import { examples } from '../examples.ts'
import { tableLines, type Column } from '../table.ts'
import { ask, withTarget, type TargetOptions } from '../target.ts'
import { print, printJson } from '../terminal.ts'
import { stockName } from '../values.ts'

const COLUMNS: readonly Column[] = [
  { title: 'stock', align: 'left' },
  { title: 'price', align: 'right' },
  { title: 'available', align: 'right' },
  { title: 'traded', align: 'right' },
]

export function addStocks(program: Command): void {
  withTarget(program.command('stocks'))
    .argument('[NAME]', 'stock', stockName)
    .summary('show prices and quantities')
    .description('Shows all stocks, or one.')
    .addHelpText('after', examples('bazaar stocks', 'bazaar stocks tesla --json'))
    .action((name: string | undefined, options: TargetOptions) => (name === undefined ? showAll(options) : showOne(name, options)))
}

async function showAll(options: TargetOptions): Promise<void> {
  const { stocks } = await ask(options, (client) => client.stocks())
  if (options.json) return printJson(stocks)
  const rows = stocks.map(({ name, price, quantity, volume }) => [name, price.toFixed(2), `${quantity}`, `${volume}`])
  for (const line of tableLines(COLUMNS, rows)) print(line)
}

async function showOne(wanted: string, options: TargetOptions): Promise<void> {
  const stock = await ask(options, (client) => client.stock(wanted), wanted)
  if (options.json) return printJson(stock)
  const { name, price, quantity } = stock
  for (const line of tableLines(COLUMNS.slice(0, 3), [[name, price.toFixed(2), `${quantity}`]])) print(line)
}
