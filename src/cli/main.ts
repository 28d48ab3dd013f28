import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { systemClock } from '../runtime/clock.ts'
import { endOnSignalsAsFirstProcess, ignoreForeignHangUps } from '../runtime/lifecycle.ts'
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
import { addVerify } from './commands/verify.ts'
import { applyConfigFile } from './config.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { configOption } from './options.ts'
import { painterFor, printAside, watchOutput } from './terminal.ts'

/** Commands that see to their own end. The others end together with the process that started them. */
const STOPS_ITSELF: ReadonlySet<string> = new Set(['up', 'catalog', 'order', 'frontend'])
/** Commands that only show something. The exit code of the others tells the result, even when nobody can read their output. */
const ONLY_SHOWS: ReadonlySet<string> = new Set(['status', 'stocks', 'orders', 'logs'])

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

function buildProgram(): Command {
  const program = new Command('bazaar')
    .description('Stock Bazaar: a stock-trading back end that loses no order.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ subcommandTerm })
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
    addVerify,
    addCatalog,
    addOrder,
    addFrontEnd,
  ]
  for (const addTo of add) addTo(program)
  for (const command of program.commands) command.addOption(configOption())
  program.hook('preAction', (_, command) => {
    onlyShows = ONLY_SHOWS.has(command.name())
    applyConfigFile(command, program.commands)
    if (!STOPS_ITSELF.has(command.name())) endWithParent()
  })
  return program
}

/** Returns the name of a command with its required arguments. The rest is in the command's own help. */
const subcommandTerm = (command: Command): string =>
  [command.name(), ...command.registeredArguments.filter((each) => each.required).map((each) => `<${each.name()}>`)].join(' ')

const HELP = `
An option counts from the command line, else from the environment (the variable that its --help names), else from
bazaar.json in the working folder (the variable's name without BAZAAR_, in camel case):
  {"port": 8080, "data": "/var/lib/bazaar", "cacheStocks": 100}

Exit codes: 0 done, 1 failed or refused, 2 called wrongly, 3 nobody knows whether it happened, 4 the answer could not be
written. For an order they tell what became of it, even when nothing can be written.

Examples:
  bazaar up                      start everything
  bazaar buy tesla 5             place an order
  bazaar kill leader             see what happens
  bazaar status --watch          watch it happen`

function endWithParent(): void {
  if (!process.channel) return
  process.once('disconnect', () => process.exit(EXIT.unknown))
  process.channel.unref()
}

function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (isLostFolder(error)) return exitCodeFor(new CommandFailure('the working folder was removed: change to another one', EXIT.usage))
  if (!(error instanceof CommandFailure)) throw error
  printAside(`${painterFor(process.stderr)('red', 'bazaar:')} ${error.message}`)
  return error.exitCode
}

/** Says whether the working folder was removed. Node fails like this when it needs the working folder for a relative path. */
const isLostFolder = (error: unknown): boolean => error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'

/** Ends a command that only shows something, once nobody can read it. */
function endUnread({ code }: NodeJS.ErrnoException): void {
  if (!onlyShows) return
  const otherwise = code === 'EPIPE' ? EXIT.ok : EXIT.unwritten
  // Waits a moment, because the command sets its exit code after it has printed.
  systemClock.nextTurn(() => process.exit(process.exitCode || otherwise))
}

/** True until a command is known: before that, there is only help to show. */
let onlyShows = true
watchOutput(endUnread)
ignoreForeignHangUps()
endOnSignalsAsFirstProcess()
try {
  await buildProgram().parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeFor(error)
}
