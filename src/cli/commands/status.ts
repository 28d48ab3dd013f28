import type { Command } from 'commander'
import type { BazaarClient } from '../../http/client.ts'
import type { Answer } from '../../http/answers.ts'
import type { ControlledProcess } from '../../http/control.ts'
import type { StatusData } from '../../http/types.ts'
import { sleep, systemClock } from '../../runtime/clock.ts'
import { examples } from '../examples.ts'
import { CommandFailure, EXIT } from '../failure.ts'
import { absenceWords, differingLengths, statusLines, type Supervised } from '../status-view.ts'
import { StatusCourse } from '../status-course.ts'
import { supervisedProcesses } from '../supervised.ts'
import { cut } from '../table.ts'
import { clientFor, noAnswer, withTarget, type TargetOptions } from '../target.ts'
import { painterFor, print, printJson } from '../terminal.ts'
import { integer } from '../values.ts'

const CLEAR_SCREEN = '\u001b[H\u001b[2J\u001b[3J'
const TIMEOUT_MS = 3_000
const INTERVAL_MIN_MS = 50
const LEADER_LOOK_EVERY_MS = 50
/** The width of a screen that does not tell its own. */
const WIDTH_DEFAULT = 80
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
  const look = await lookAt(client, options).finally(() => client.close())
  if (typeof look === 'string') throw new CommandFailure(look, EXIT.unknown)
  if (differingLengths(look.status).length > 0) process.exitCode = EXIT.failed
  show(look, options)
}

/** The status as the front end tells it, and what the supervisor knows of its processes, if it could be asked. */
interface Look {
  readonly status: StatusData
  readonly supervised: readonly ControlledProcess[] | undefined
}

/** Looks at the system once. Returns why there is no status in words. */
async function lookAt(client: BazaarClient, options: StatusOptions): Promise<Look | string> {
  const [answer, supervised] = await Promise.all([client.status(), supervisedProcesses(options)])
  if (answer.kind === 'ok') return { status: answer.value, supervised }
  return absenceWords('frontend', statesOf(supervised)) ?? noAnswer(options, causeOf(answer)).message
}

const statesOf = (supervised: Look['supervised']): Supervised => new Map(supervised?.map(({ name, state }) => [name, state]))

async function watch(options: StatusOptions): Promise<void> {
  const course = new StatusCourse(systemClock)
  while (true) {
    // The system on the data folder may come back at another port.
    const client = clientFor(options, { timeoutMs: TIMEOUT_MS, retryForMs: 0 })
    await watchOne(client, options, course).finally(() => client.close())
    await sleep(systemClock, options.interval)
  }
}

/** Shows the status again and again, until an answer fails to come. */
async function watchOne(client: BazaarClient, options: StatusOptions, course: StatusCourse): Promise<void> {
  while (true) {
    const look = await lookAt(client, options)
    if (typeof look !== 'string') course.sees(look.status)
    if (process.stdout.isTTY && !options.json) process.stdout.write(CLEAR_SCREEN)
    if (typeof look === 'string') return showTrouble(look, options)
    show(look, options, course)
    await watchLeader(client, look.status, options.interval, course)
  }
}

/** Waits, and meanwhile looks often who leads: most changes take less time than the interval. */
async function watchLeader(client: BazaarClient, { replicas }: StatusData, forMs: number, course: StatusCourse): Promise<void> {
  const untilMs = systemClock.monotonicMs() + forMs
  while (true) {
    const leftMs = untilMs - systemClock.monotonicMs()
    if (leftMs <= 0) return
    await sleep(systemClock, Math.min(leftMs, LEADER_LOOK_EVERY_MS))
    const answer = await client.leader()
    if (answer.kind === 'ok')
      course.seesLeader(replicas.find(({ address }) => address === answer.value.leader)?.name ?? answer.value.leader)
  }
}

function show({ status, supervised }: Look, { json, watch }: StatusOptions, course?: StatusCourse): void {
  if (json) return printJson({ ...status, ...(supervised && { supervised }) })
  const paint = painterFor(process.stdout)
  const lines = statusLines(status, paint, statesOf(supervised), watch)
  if (!course) return lines.forEach(print)
  const width = process.stdout.columns ?? WIDTH_DEFAULT
  const time = new Date(systemClock.wallMs()).toISOString()
  for (const line of [...lines, ...course.lines(paint), '', time]) print(cut(line, width))
}

function showTrouble(message: string, { json }: StatusOptions): void {
  if (json) printJson({ error: { message } })
  else print(painterFor(process.stdout)('red', message))
}

const causeOf = (answer: Exclude<Answer<StatusData>, { kind: 'ok' }>): string => (answer.kind === 'refused' ? answer.message : answer.cause)
