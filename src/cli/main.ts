import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addCatalog } from './commands/catalog.ts'
import { addClient } from './commands/client.ts'
import { addControls } from './commands/control.ts'
import { addFrontEnd } from './commands/frontend.ts'
import { addLogs } from './commands/logs.ts'
import { addOrder } from './commands/order.ts'
import { addOrders } from './commands/orders.ts'
import { addStatus } from './commands/status.ts'
import { addStocks } from './commands/stocks.ts'
import { addTrades } from './commands/trade.ts'
import { addUp } from './commands/up.ts'
import { applyConfigFile } from './config.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { configOption } from './options.ts'
import { endQuietlyWithoutReader, painterFor, printAside } from './terminal.ts'

/** Commands that look after their own end. The others end with whoever started them. */
const STOPS_ITSELF: ReadonlySet<string> = new Set(['up', 'catalog', 'order', 'frontend'])

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

function buildProgram(): Command {
  const program = new Command('bazaar')
    .description('Stock Bazaar: a stock-trading back end that loses no order.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', HELP)
  const add = [
    addUp,
    addStatus,
    addStocks,
    addTrades,
    addOrders,
    addClient,
    addControls,
    addLogs,
    addCatalog,
    addOrder,
    addFrontEnd,
  ]
  for (const addTo of add) addTo(program)
  for (const command of program.commands) command.addOption(configOption())
  program.hook('preAction', (_, command) => {
    applyConfigFile(command, program.commands)
    if (!STOPS_ITSELF.has(command.name())) {
      endWithParent()
      endQuietlyWithoutReader()
    }
  })
  return program
}

const HELP = `
Every option may stand on the command line, in the environment (the variable named beside it), or in bazaar.json
(the variable's name without BAZAAR_, in camel case), in this order of precedence:
  {"port": 8080, "data": "/var/lib/bazaar", "cacheStocks": 100}

Exit codes: 0 done, 1 failed or refused, 2 called wrongly, 3 nobody knows whether it happened.

Examples:
  bazaar up                      start everything
  bazaar buy tesla 5             place an order
  bazaar kill leader             see what happens
  bazaar status --watch          watch it happen`

function endWithParent(): void {
  if (!process.channel) return
  process.once('disconnect', () => process.exit(EXIT.failed))
  process.channel.unref()
}

function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (!(error instanceof CommandFailure)) throw error
  printAside(`${painterFor(process.stderr)('red', 'bazaar:')} ${error.message}`)
  return error.exitCode
}

try {
  await buildProgram().parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeFor(error)
}
