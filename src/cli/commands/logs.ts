import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { sleep, systemClock } from '../../runtime/clock.ts'
import { examples } from '../examples.ts'
import { CommandFailure } from '../failure.ts'
import { LogFollower } from '../log-follower.ts'
import { formatLogLine, type LogLine } from '../log-lines.ts'
import { dataOption } from '../options.ts'
import { oneMoreLog, PROCESS_NAMES } from '../process-names.ts'
import { painterFor, print, type Style } from '../terminal.ts'
import { integer } from '../values.ts'

const LOGS_LOOK_EVERY_MS = 250

interface LogsOptions {
  readonly data: string
  readonly follow?: boolean
  readonly name?: readonly string[]
  readonly lines: number
}

export function addLogs(program: Command): void {
  program
    .command('logs')
    .summary('show what the processes logged')
    .description('Shows the logs of all processes that `bazaar up` runs, merged by time (UTC).')
    .addOption(dataOption())
    .option('-f, --follow', 'go on, and show new lines as they come')
    .addOption(new Option('--name <names...>', `only these: ${PROCESS_NAMES}, supervisor`).argParser(oneMoreLog))
    .addOption(new Option('-n, --lines <n>', 'how many of the newest lines; 0: all').argParser(integer(0)).default(200))
    .addHelpText('after', examples('bazaar logs --follow', 'bazaar logs --name order-3 supervisor --lines 0'))
    .action(showLogs)
}

async function showLogs({ data, follow, name, lines }: LogsOptions): Promise<void> {
  const folder = join(data, 'logs')
  if (!existsSync(folder)) throw new CommandFailure(`there are no logs in ${folder}; name the data folder with --data`)
  const follower = new LogFollower(folder, name)
  show(follower.readAll().slice(-lines))
  while (follow) {
    await sleep(systemClock, LOGS_LOOK_EVERY_MS)
    show(follower.readAdded())
  }
}

const STYLE_OF: Readonly<Record<string, Style>> = {
  WARN: 'yellow',
  ERROR: 'red',
  FATAL: 'red',
  DEBUG: 'dim',
  TRACE: 'dim',
}

function show(lines: readonly LogLine[]): void {
  const paint = painterFor(process.stdout)
  for (const line of lines) {
    const style = STYLE_OF[line.level]
    const text = formatLogLine(line)
    print(style ? paint(style, text) : text)
  }
}
