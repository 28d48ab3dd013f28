import type { Answer } from '../http/answers.ts'
import { BazaarClient } from '../http/client.ts'
import { ControlClient } from '../http/control-client.ts'
import type { ControlAction, ControlledData, ControlledProcess } from '../http/control.ts'
import { splitAddress } from '../runtime/address.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { readToken } from './supervisor/control-file.ts'
import { readRunningState, type UpState } from './supervisor/state-file.ts'

const LEADER_ANSWER_MS = 1_000

/** The system that `bazaar up` runs on a data folder, as a command of the same user controls it. */
export class RunningSystem {
  readonly #state: UpState
  readonly #control: ControlClient

  /** @throws CommandFailure when no system runs there, or when this user may not control it. */
  constructor(data: string) {
    const state = readRunningState(data)
    if (!state) throw new CommandFailure(`no system runs on ${data}: start one with \`bazaar up\`, or name its folder with --data`)
    const { pid, control } = state
    if (control === undefined) throw new CommandFailure(`the \`bazaar up\` on ${data} (pid ${pid}) has no control port: restart it`)
    this.#state = state
    this.#control = new ControlClient(control, readToken(data, control))
  }

  /** Returns how the processes are. */
  async processes(): Promise<readonly ControlledProcess[]> {
    return this.#known(await this.#control.processes()).processes
  }

  /** Does something to the process of that name, or to `leader`, `random` or `all`; a kill or a pause for `forMs`. */
  async carryOut(target: string, action: ControlAction, forMs?: number): Promise<ControlledData> {
    return this.#known(await this.#control.carryOut(target, action, forMs))
  }

  /** Returns the name of the replica that leads, or undefined when nobody leads or the front end does not answer. */
  async leaderName(): Promise<string | undefined> {
    const { frontEnd, processes } = this.#state
    const client = new BazaarClient({ ...splitAddress(frontEnd), timeoutMs: LEADER_ANSWER_MS, retryForMs: 0 })
    const answer = await client.leader().finally(() => client.close())
    return answer.kind === 'ok' ? processes.find(({ address }) => address === answer.value.leader)?.name : undefined
  }

  /** Closes the connections. */
  close(): void {
    this.#control.close()
  }

  #known<T>(answer: Answer<T>): T {
    if (answer.kind === 'ok') return answer.value
    if (answer.kind === 'refused') throw new CommandFailure(answer.message, answer.status === 404 ? EXIT.usage : EXIT.failed)
    throw new CommandFailure(`no answer from \`bazaar up\` (pid ${this.#state.pid}): ${answer.cause}`, EXIT.unknown)
  }
}
