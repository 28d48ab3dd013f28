import type { StatusData } from '../../src/http/types.ts'
import type { Addresses } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { eventually, HOPELESS_MS } from './process.ts'

/** Waits until one replica leads and all others are in-sync with it. */
export async function wholeAgain(system: Addresses): Promise<void> {
  await eventually('one leader with all others in sync', HOPELESS_MS, async () => {
    const { replicas } = dataOf<StatusData>(await ask(system.frontEnd, '/status'))
    const leaders = replicas.filter((each) => each.reachable && each.role === 'leader')
    const [leader] = leaders
    const followers = leader?.reachable ? leader.followers.filter(({ state }) => state === 'in-sync') : []
    return (leaders.length === 1 && followers.length === system.replicas.length - 1) || undefined
  })
}
