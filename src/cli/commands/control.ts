import type { Command } from 'commander'
import { type Answer, BazaarClient } from '../../http/client.ts'
import { splitAddress } from '../../runtime/address.ts'
import { sleep, systemClock } from '../../runtime/clock.ts'
import { examples } from '../examples.ts'
import { CommandFailure, EXIT, wordsOf } from '../failure.ts'
import { dataOption } from '../options.ts'
import { PROCESS_NAMES } from '../process-names.ts'
import { isStill, readRunningState, type ProcessState, type UpState } from '../supervisor/state-file.ts'
import { printResult } from '../terminal.ts'
import { duration } from '../units.ts'

/** How long a command watches for its effect. */
const WATCH_FOR_MS = 8_000
const ANSWER_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 50

interface Control {
  readonly command: string
  readonly signal: NodeJS.Signals
  readonly summary: string
  readonly past: string
  /** True when the signal ends the process, so that the supervisor starts it again. */
  readonly ends: boolean
}

const CONTROLS: readonly Control[] = [
  { command: 'kill', signal: 'SIGKILL', summary: 'kill a process without warning', past: 'killed', ends: true },
  { command: 'pause', signal: 'SIGSTOP', summary: 'freeze a process until resume', past: 'paused', ends: false },
  { command: 'resume', signal: 'SIGCONT', summary: 'let a paused process go on', past: 'resumed', ends: false },
  {
    command: 'restart',
    signal: 'SIGTERM',
    summary: 'stop a process cleanly and start it again',
    past: 'stopped',
    ends: true,
  },
]

/** Adds `kill`, `pause`, `resume` and `restart`. */
export function addControls(program: Command): void {
  for (const control of CONTROLS) {
    program
      .command(control.command)
      .summary(control.summary)
      .description(`Sends ${control.signal} to one process of the system that \`bazaar up\` runs.`)
      .argument('<NAME>', control.signal === 'SIGCONT' ? `${PROCESS_NAMES}: a paused leader leads no more` : `${PROCESS_NAMES}, or leader`)
      .addOption(dataOption())
      .addHelpText(
        'after',
        examples(
          `bazaar ${control.command} ${control.signal === 'SIGCONT' ? 'order-2' : 'leader'}`,
          `bazaar ${control.command} order-2 --data /var/lib/bazaar`,
        ),
      )
      .action((name: string, options: { data: string }) => carryOut(control, name, options.data))
  }
}

async function carryOut(control: Control, name: string, data: string): Promise<void> {
  const state = runningOn(data)
  const leader = await leaderAddress(state)
  const chosen = choose(state, name, leader)
  if (chosen.pid === null) throw new CommandFailure(`${chosen.name} is not running at the moment; it is started again soon`)
  // The file may be older than the last reboot. Its pid may belong to another process by now.
  if (process.platform !== 'win32' && !isStill(chosen)) {
    throw new CommandFailure(`${chosen.name} (pid ${chosen.pid}) is not there any more: nothing was sent`)
  }
  const led = leader === chosen.address
  send(chosen.pid, control.signal, chosen.name)
  printResult(`${chosen.name} (pid ${chosen.pid})${led ? ', the leader,' : ''} was ${control.past}.`)
  const sinceMs = systemClock.monotonicMs()
  // The election takes less time than a restart, so it is told first.
  if (led && control.command !== 'resume') await tellSuccessor(state, chosen, sinceMs)
  if (control.ends) await tellRestart(state, chosen, sinceMs)
}

function runningOn(data: string): UpState {
  const state = readRunningState(data)
  if (state) return state
  throw new CommandFailure(`no system runs on ${data}: start one with \`bazaar up\`, or name its folder with --data`)
}

/** Asks the system's front end once. Returns undefined when the front end refuses or does not answer. */
async function askOnce<T>({ frontEnd }: UpState, question: (client: BazaarClient) => Promise<Answer<T>>): Promise<T | undefined> {
  const client = new BazaarClient({ ...splitAddress(frontEnd), timeoutMs: ANSWER_WITHIN_MS, retryForMs: 0 })
  const answer = await question(client).finally(() => client.close())
  return answer.kind === 'ok' ? answer.value : undefined
}

const leaderAddress = async (state: UpState): Promise<string | undefined> => (await askOnce(state, (client) => client.leader()))?.leader

function choose({ processes }: UpState, name: string, leader: string | undefined): ProcessState {
  if (name === 'leader') {
    const chosen = processes.find((each) => each.address === leader)
    if (chosen) return chosen
    throw new CommandFailure('no replica leads at the moment; try again, or name a process')
  }
  const chosen = processes.find((each) => each.name === name)
  if (chosen) return chosen
  const names = processes.map((each) => each.name).join(', ')
  throw new CommandFailure(`no process is called "${name}"; there are ${names}, and "leader"`, EXIT.usage)
}

function send(pid: number, signal: NodeJS.Signals, name: string): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    throw new CommandFailure(`cannot send ${signal} to ${name} (pid ${pid}): ${wordsOf(error)}`)
  }
}

async function tellSuccessor(state: UpState, before: ProcessState, sinceMs: number): Promise<void> {
  const successor = await seen(sinceMs, async () => {
    const address = await leaderAddress(state)
    return address === before.address ? undefined : state.processes.find((each) => each.address === address)
  })
  if (successor) printResult(`${successor.name} leads now; that took ${since(sinceMs)}.`)
  else printResult(`No other replica leads after ${since(sinceMs)}.`)
}

async function tellRestart(state: UpState, before: ProcessState, sinceMs: number): Promise<void> {
  const pid = await seen(sinceMs, async () => {
    const status = await askOnce(state, (client) => client.status())
    const now = status && [status.catalogue, ...status.replicas, status.frontEnd].find((each) => each.name === before.name)
    return now?.reachable && now.pid !== before.pid ? now.pid : undefined
  })
  if (pid !== undefined) printResult(`${before.name} is back as pid ${pid}; that took ${since(sinceMs)}.`)
  else printResult(`${before.name} is not back after ${since(sinceMs)}; see \`bazaar logs\`.`)
}

/** Calls `look` until it finds something. Returns undefined when it has found nothing after `WATCH_FOR_MS`. */
async function seen<T>(sinceMs: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  while (systemClock.monotonicMs() - sinceMs < WATCH_FOR_MS) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(systemClock, LOOK_EVERY_MS)
  }
  return undefined
}

const since = (momentMs: number): string => duration(systemClock.monotonicMs() - momentMs)
