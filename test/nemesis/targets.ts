import type { LeaderData } from '../../src/http/types.ts'
import type { SeededRandom } from '../checkers/seeded-random.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { PROCESSES, REPLICAS, type Fleet } from './fleet.ts'

/** The process that a fault is for: by its name, or by its role when the fault comes. */
export type Target = string

const LEADER = 'leader'
const FOLLOWER = 'follower'
const LEADER_QUESTION_MS = 300

/** Picks a replica. The leader is the likeliest, since most can go wrong there. */
export function anyReplica(random: SeededRandom): Target {
  if (random.chance(0.4)) return LEADER
  return random.chance(0.3) ? FOLLOWER : random.pick(REPLICAS)
}

export const anyProcess = (random: SeededRandom): Target => (random.chance(0.6) ? anyReplica(random) : random.pick(PROCESSES))

/** Returns the names of the targets' processes at this moment, each once. */
export async function namesOf(targets: readonly Target[], fleet: Fleet): Promise<readonly string[]> {
  const byRole = targets.some((target) => target === LEADER || target === FOLLOWER)
  const leader = byRole ? await leaderOf(fleet) : undefined
  const names = targets.map((target) => {
    if (target === LEADER) return leader ?? REPLICAS.at(-1)!
    if (target === FOLLOWER) return REPLICAS.find((name) => name !== leader)!
    return target
  })
  return [...new Set(names)]
}

/** Returns the leader's name, as the first front end that answers sees it. */
export async function leaderOf(fleet: Fleet): Promise<string | undefined> {
  const answers = fleet.frontEnds.map(async (frontEnd) =>
    dataOf<LeaderData>(await ask(frontEnd, '/leader', { deadlineMs: LEADER_QUESTION_MS })),
  )
  const { leader } = await Promise.any(answers).catch(() => ({ leader: '' }))
  return fleet.nameOf(leader)
}
