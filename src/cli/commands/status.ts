import type { Command } from 'commander'
import type { BazaarClient } from '../../http/client.ts'
import type { StatusData } from '../../http/types.ts'
import { sleep, systemClock } from '../../runtime/clock.ts'
import { examples } from '../examples.ts'
import { EXIT } from '../failure.ts'
import { differingLengths, statusLines } from '../status-view.ts'
import { clientFor, noAnswer, withTarget, type TargetOptions } from '../target.ts'
import { painterFor, print, printJson } from '../terminal.ts'
import { integer } from '../values.ts'

const CLEAR_SCREEN = '\u001b[H\u001b[2J\u001b[3J'
const TIMEOUT_MS = 3_000
const INTERVAL_MIN_MS = 50
/** A day. A timer of more than 2^31-1 ms would run out at once. */
const INTERVAL_MAX_MS = 86_400_000

interface StatusOptions extends TargetOptions {
  readonly watch?: boolean
  readonly interval: number
}

export function addStatus(program: Command): void {
  withTarget(program.command('status'))
    .summary('show all processes and whether their copies agree')
    .description('Shows all processes as one front end sees them. Exit code 1 when two copies of the log differ.')
    .option('-w, --watch', 'show it again and again')
    .option('--interval <ms>', 'how long to wait in between, in milliseconds', integer(INTERVAL_MIN_MS, INTERVAL_MAX_MS), 1_000)
    .addHelpText('after', examples('bazaar status', 'bazaar status --watch', 'bazaar status --json --port 8080'))
    .action((options: StatusOptions) => (options.watch ? watch(options) : showOnce(options)))
}

async function showOnce(options: StatusOptions): Promise<void> {
  const client = clientFor(options, { timeoutMs: TIMEOUT_MS, retryForMs: 0 })
  const answer = await client.status().finally(() => client.close())
  if (answer.kind !== 'ok') throw noAnswer(options, causeOf(answer))
  if (differingLengths(answer.value).length > 0) process.exitCode = EXIT.failed
  show(answer.value, options)
}

async function watch(options: StatusOptions): Promise<void> {
  while (true) {
    // The system on the data folder may come back at another port.
    const client = clientFor(options, { timeoutMs: TIMEOUT_MS, retryForMs: 0 })
    await watchOne(client, options).finally(() => client.close())
    await sleep(systemClock, options.interval)
  }
}

/** Shows the status again and again, until an answer fails to come. */
async function watchOne(client: BazaarClient, options: StatusOptions): Promise<void> {
  while (true) {
    const answer = await client.status()
    if (process.stdout.isTTY && !options.json) process.stdout.write(CLEAR_SCREEN)
    if (answer.kind !== 'ok') return showTrouble(noAnswer(options, causeOf(answer)).message, options)
    show(answer.value, options)
    await sleep(systemClock, options.interval)
  }
}

function show(status: StatusData, { json, watch }: StatusOptions): void {
  if (json) return printJson(status)
  for (const line of statusLines(status, painterFor(process.stdout))) print(line)
  if (watch) print(`\n${new Date(systemClock.wallMs()).toISOString()}`)
}

function showTrouble(message: string, { json }: StatusOptions): void {
  if (json) printJson({ error: { message } })
  else print(painterFor(process.stdout)('red', message))
}

const causeOf = (answer: { kind: 'refused'; message: string } | { kind: 'unknown'; cause: string }): string =>
  answer.kind === 'refused' ? answer.message : answer.cause
