import type { BazaarClient } from '../../http/client.ts'
import type { StatusData } from '../../http/types.ts'
import { sleep, type Clock } from '../../runtime/clock.ts'

const LOOK_EVERY_MS = 50
/** How long to wait for late replicas once trading works. */
const STRAGGLERS_MS = 3_000

/** The result of one look at the system. */
interface View {
  readonly trading: boolean
  /** Parts that are not ready yet, in words. */
  readonly missing: readonly string[]
  readonly status: StatusData | undefined
}

/**
 * Waits until the system trades, and a little longer for replicas that are late. Calls `tell` whenever it waits for
 * something else. Returns undefined when `signal` aborts.
 */
export async function waitForTrading(
  client: BazaarClient,
  clock: Clock,
  signal: AbortSignal,
  tell: (missing: string) => void,
): Promise<StatusData | undefined> {
  let told = ''
  let tradingSinceMs: number | undefined
  while (!signal.aborted) {
    const { trading, missing, status } = await look(client)
    const nowMs = clock.monotonicMs()
    tradingSinceMs = trading ? (tradingSinceMs ?? nowMs) : undefined
    const late = tradingSinceMs !== undefined && nowMs - tradingSinceMs >= STRAGGLERS_MS
    if (status && trading && (missing.length === 0 || late)) return status
    const words = missing.join(', ')
    if (words !== told && !signal.aborted) tell(words)
    told = words
    await sleep(clock, LOOK_EVERY_MS, signal)
  }
  return undefined
}

async function look(client: BazaarClient): Promise<View> {
  const leader = await client.leader()
  if (leader.kind === 'unknown' && !leader.cause.startsWith('503')) {
    return { trading: false, missing: ['the front end'], status: undefined }
  }
  const status = await client.status()
  if (status.kind !== 'ok') return { trading: false, missing: ['the front end'], status: undefined }
  return viewOf(status.value, leader.kind === 'ok')
}

/** Reads the state of the other processes from the front end's status. */
function viewOf(status: StatusData, hasLeader: boolean): View {
  const { catalogue, replicas } = status
  // An elected replica serves only once it has reached the catalogue.
  const serves = hasLeader && replicas.some((each) => each.reachable && each.role === 'leader')
  const missing = [
    ...(catalogue.reachable ? [] : ['the catalogue']),
    ...replicas.filter((replica) => !replica.reachable).map((replica) => replica.name),
    ...(serves ? [] : ['a leader']),
  ]
  return { trading: catalogue.reachable && serves, missing, status }
}
