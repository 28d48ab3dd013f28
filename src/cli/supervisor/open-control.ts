import { BazaarClient } from '../../http/client.ts'
import type { Clock } from '../../runtime/clock.ts'
import { systemRandom } from '../../runtime/random.ts'
import { wordsOf } from '../failure.ts'
import { ControlServer } from './control-server.ts'
import { frontEndAddress, reachable, type ClusterPlan } from './plan.ts'
import { ProcessControl } from './process-control.ts'
import type { Supervisor } from './supervisor.ts'

const TOKEN_BYTES = 32
/** How long the front end may take to say who leads. */
const LEADER_WITHIN_MS = 1_000

/** Opens the control port. Says why that cannot be done, and returns undefined: the system trades all the same. */
export async function openControl(plan: ClusterPlan, clock: Clock, say: (line: string) => void): Promise<ControlServer | undefined> {
  const server = new ControlServer({ clock, token: systemRandom.id(TOKEN_BYTES), origin: `http://${frontEndAddress(plan)}` })
  try {
    await server.listen()
    return server
  } catch (error) {
    say(`There is no control port, so that \`bazaar kill\` and its like do not work: ${wordsOf(error)}`)
    return undefined
  }
}

/** Returns the control of a supervisor's processes. The front end is asked who leads. */
export function controlOf(supervisor: Supervisor, plan: ClusterPlan): ProcessControl {
  const leaderAddress = async () => {
    const target = { host: reachable(plan.host), port: plan.frontEndPort }
    const client = new BazaarClient({ ...target, timeoutMs: LEADER_WITHIN_MS, retryForMs: 0 })
    const answer = await client.leader().finally(() => client.close())
    return answer.kind === 'ok' ? answer.value.leader : undefined
  }
  return new ProcessControl({ processes: supervisor.kept, leaderAddress, random: systemRandom })
}
