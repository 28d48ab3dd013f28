import type { Command } from 'commander'
import { LIMITS } from '../../domain/limits.ts'
import type { OrderData } from '../../http/types.ts'
import { examples } from '../examples.ts'
import { publishedIn } from '../status-course.ts'
import { tableLines, type Column } from '../table.ts'
import { ask, withTarget, type TargetOptions } from '../target.ts'
import { print, printJson } from '../terminal.ts'
import { integer } from '../values.ts'

const COLUMNS: readonly Column[] = [
  { title: 'number', align: 'right' },
  { title: 'type', align: 'left' },
  { title: 'stock', align: 'left' },
  { title: 'quantity', align: 'right' },
]

interface OrdersOptions extends TargetOptions {
  readonly after?: number
  readonly limit: number
}

export function addOrders(program: Command): void {
  withTarget(program.command('orders'))
    .argument('[NUMBER]', 'order number', integer(0))
    .summary('look up one order, or list them')
    .description('Shows the order with that number, or lists the newest orders, newest first.')
    .option('--after <n>', 'list the orders above this number in place of the newest ones, in order', integer(-1))
    .option('--limit <n>', 'list at most so many', integer(1, LIMITS.listingMax), 100)
    .addHelpText('after', examples('bazaar orders 7', 'bazaar orders --limit 10', 'bazaar orders --after 99 --json'))
    .action((number: number | undefined, options: OrdersOptions) => (number === undefined ? list(options) : showOne(number, options)))
}

async function list(options: OrdersOptions): Promise<void> {
  const { after, limit } = options
  const orders = after === undefined ? await newest(options) : (await ask(options, (client) => client.orders({ after, limit }))).orders
  if (options.json) return printJson(orders)
  if (orders.length === 0) return print(after === undefined || after < 0 ? 'no orders yet' : `no orders above number ${after}`)
  show(orders)
}

/** Returns the newest orders, newest first. A front end without a status is asked for the first ones. */
async function newest({ limit, ...options }: OrdersOptions): Promise<readonly OrderData[]> {
  const { orders } = await ask(options, async (client) => {
    const status = await client.status()
    const published = status.kind === 'ok' ? publishedIn(status.value) : 0
    return client.orders({ after: Math.max(0, published - limit) - 1, limit })
  })
  return orders.toReversed()
}

async function showOne(number: number, options: OrdersOptions): Promise<void> {
  const order = await ask(options, (client) => client.order(number))
  if (options.json) return printJson(order)
  show([order])
}

function show(orders: readonly OrderData[]): void {
  const rows = orders.map(({ number, type, name, quantity }) => [`${number}`, type, name, `${quantity}`])
  for (const line of tableLines(COLUMNS, rows)) print(line)
}
