import type { Command } from 'commander'
import { CONTROL_FOR_MS_MAX, type ControlAction } from '../../http/control.ts'
import { systemClock } from '../../runtime/clock.ts'
import { effectsOf, effectWords, type Deed, type Effect } from '../control-effects.ts'
import { examples } from '../examples.ts'
import { dataOption, jsonOption } from '../options.ts'
import { PROCESS_NAMES } from '../process-names.ts'
import { RunningSystem } from '../running-system.ts'
import { printResult } from '../terminal.ts'
import { duration } from '../units.ts'
import { durationMs } from '../values.ts'

interface ControlCommand {
  readonly action: ControlAction
  readonly signal: NodeJS.Signals
  readonly summary: string
  readonly past: string
  /** Describes `--for`, where there is one. */
  readonly forWords?: string
}

const COMMANDS: readonly ControlCommand[] = [
  { action: 'kill', signal: 'SIGKILL', summary: 'kill a process without warning', past: 'killed', forWords: 'keep it down so long' },
  { action: 'pause', signal: 'SIGSTOP', summary: 'freeze a process until resume', past: 'paused', forWords: 'resume it after so long' },
  { action: 'resume', signal: 'SIGCONT', summary: 'let a paused process go on', past: 'resumed' },
  { action: 'restart', signal: 'SIGTERM', summary: 'stop a process cleanly and start it again', past: 'stopped' },
]

interface ControlOptions {
  readonly data: string
  readonly for?: number
  readonly json?: boolean
}

/** Adds `kill`, `pause`, `resume` and `restart`. */
export function addControls(program: Command): void {
  for (const each of COMMANDS) {
    const isResume = each.action === 'resume'
    const command = program
      .command(each.action)
      .summary(each.summary)
      .description(
        `Has \`bazaar up\` send ${each.signal} to a process that it runs: by name, to the leader, to a replica by chance (random), or to ` +
          'everything (all). It does not ask before.',
      )
      .argument('<NAME>', `${PROCESS_NAMES}, ${isResume ? 'random or all: a paused leader leads no more' : 'leader, random or all'}`)
      .addOption(dataOption())
      .addOption(jsonOption())
    if (each.forWords) {
      command.option('--for <time>', `${each.forWords}, such as 10s, 500ms or 2min`, durationMs(1, CONTROL_FOR_MS_MAX))
    }
    command
      .addHelpText(
        'after',
        examples(
          `bazaar ${each.action} ${isResume ? 'order-2' : 'leader'}`,
          `bazaar ${each.action} ${each.forWords ? 'random --for 10s' : 'all'}`,
          `bazaar ${each.action} order-2 --data /var/lib/bazaar`,
        ),
      )
      .action((name: string, options: ControlOptions) => carryOut(each, name, options))
  }
}

async function carryOut({ action, past }: ControlCommand, target: string, { data, for: forMs, json }: ControlOptions): Promise<void> {
  const system = new RunningSystem(data)
  try {
    const leader = await system.leaderName()
    const deed = { action, leader, forMs, ...(await system.carryOut(target, action, forMs)) }
    if (json) await tellAsJson(deed, system)
    else await tellInWords(deed, past, system)
  } finally {
    system.close()
  }
}

async function tellInWords(deed: Deed, past: string, system: RunningSystem): Promise<void> {
  const { action, forMs, leader, names, pids } = deed
  const until = forMs === undefined ? '' : `${action === 'kill' ? '; it stays down' : ''} for ${duration(forMs)}`
  for (const [at, name] of names.entries()) {
    const role = name === leader && action !== 'resume' ? ', the leader,' : ''
    printResult(`${name} (pid ${pids[at]})${role} was ${past}${until}.`)
  }
  for await (const effect of effectsOf(deed, system, systemClock)) printResult(effectWords(effect))
}

/** Prints one line of JSON once the effects are known, even if the watch for them fails in the middle. */
async function tellAsJson({ leader, forMs, ...deed }: Deed, system: RunningSystem): Promise<void> {
  const effects: Effect[] = []
  try {
    for await (const effect of effectsOf({ leader, forMs, ...deed }, system, systemClock)) effects.push(effect)
  } finally {
    printResult(JSON.stringify({ ...deed, leader: leader ?? null, forMs: forMs ?? null, effects }))
  }
}
