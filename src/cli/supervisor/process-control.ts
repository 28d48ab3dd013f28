import type { ControlAction, ControlledData, ControlledProcess } from '../../http/control.ts'
import { fraction } from '../../http/retry.ts'
import type { Random } from '../../runtime/random.ts'
import type { KeptProcess } from './kept-process.ts'

/** The outcome of a request to do something to processes. A refusal has an HTTP status. */
export type ControlOutcome =
  | { readonly kind: 'done'; readonly data: ControlledData }
  | { readonly kind: 'refused'; readonly status: 404 | 409; readonly message: string }

/** The processes among which one is chosen, or why there is none. */
type Choice = { readonly kind: 'among'; readonly kept: readonly KeptProcess[] } | Extract<ControlOutcome, { kind: 'refused' }>

const CAN: Readonly<Record<ControlAction, readonly ControlledProcess['state'][]>> = {
  kill: ['running', 'starting', 'paused'],
  restart: ['running', 'starting', 'paused'],
  pause: ['running', 'starting'],
  resume: ['paused'],
}

const REPLICA = /^order-\d+$/

export interface ProcessControlOptions {
  readonly processes: readonly KeptProcess[]
  /** Returns the address of the replica that leads, or undefined when nobody says. */
  readonly leaderAddress: () => Promise<string | undefined>
  readonly random: Random
}

/** Kills, pauses, resumes and restarts the processes that a supervisor keeps alive. */
export class ProcessControl {
  readonly #options: ProcessControlOptions

  constructor(options: ProcessControlOptions) {
    this.#options = options
  }

  /** Returns how each process is at this moment. */
  states(): readonly ControlledProcess[] {
    return this.#options.processes.map((kept) => kept.controlled)
  }

  /** Looks whether a process was paused or resumed by somebody else. */
  look(): void {
    for (const kept of this.#options.processes) kept.look()
  }

  /**
   * Does something to the process of that name, or to `leader`, `random` (one replica) or `all`. For `random` and `all`, only
   * processes count to which it can be done. `forMs` is for how long, of a kill or a pause.
   */
  async carryOut(target: string, action: ControlAction, forMs: number | undefined): Promise<ControlOutcome> {
    const choice = await this.#choose(target, action)
    if (choice.kind === 'refused') return choice
    const hit = await Promise.all(choice.kept.map(async (kept) => ({ name: kept.plan.name, pid: await signalled(kept, action, forMs) })))
    const reached = hit.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]))
    if (reached.length === 0) return refused(409, `${choice.kept.map(({ plan }) => plan.name).join(', ')} had just ended`)
    return { kind: 'done', data: { names: reached.map(({ name }) => name), pids: reached.map(({ pid }) => pid) } }
  }

  async #choose(target: string, action: ControlAction): Promise<Choice> {
    const { processes, random } = this.#options
    const possible = processes.filter((kept) => isPossible(kept, action))
    switch (target) {
      case 'all':
        return possible.length > 0 ? { kind: 'among', kept: possible } : refused(409, `no process is there to ${action}`)
      case 'random': {
        const replicas = possible.filter(({ plan }) => REPLICA.test(plan.name))
        const chosen = replicas[Math.floor(fraction(random) * replicas.length)]
        return chosen ? { kind: 'among', kept: [chosen] } : refused(409, `no replica is there to ${action}`)
      }
      case 'leader': {
        const address = await this.#options.leaderAddress()
        const leader = processes.find(({ plan }) => plan.address === address)
        return leader ? one(leader, action) : refused(409, 'no replica leads at the moment; try again, or name a process')
      }
      default: {
        const named = processes.find(({ plan }) => plan.name === target)
        if (named) return one(named, action)
        const names = processes.map(({ plan }) => plan.name).join(', ')
        return refused(404, `no process is called "${target}"; there are ${names}, and "leader", "random" and "all"`)
      }
    }
  }
}

const refused = (status: 404 | 409, message: string) => ({ kind: 'refused', status, message }) as const

const isPossible = (kept: KeptProcess, action: ControlAction): boolean => CAN[action].includes(kept.controlled.state)

function one(kept: KeptProcess, action: ControlAction): Choice {
  if (isPossible(kept, action)) return { kind: 'among', kept: [kept] }
  const { name, state } = kept.controlled
  if (state === 'paused') return refused(409, `${name} is paused already`)
  if (action === 'resume') return refused(409, `${name} was not paused`)
  return refused(409, `${name} is not running at the moment${state === 'backing-off' ? '; it is started again soon' : ''}`)
}

async function signalled(kept: KeptProcess, action: ControlAction, forMs: number | undefined): Promise<number | undefined> {
  switch (action) {
    case 'kill':
      return kept.crash(forMs)
    case 'restart':
      return kept.restart()
    case 'pause':
      return kept.pause(forMs)
    case 'resume':
      return kept.resume()
  }
}
