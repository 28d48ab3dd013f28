import { sleep } from '../runtime/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Entry } from '../rpc/messages.ts'
import type { Leadership } from './leadership.ts'
import { CLIENT_PATIENCE_MS, RETRY_MS } from './patience.ts'

/** One try: a leader that does not answer may have been replaced. */
const TRY_MS = 2_000

export type OrdersFound =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'not-found' }
  /** Nobody leads, or the leader could not have it confirmed. */
  | { readonly kind: 'unavailable'; readonly error: 'NO_LEADER' | 'UNAVAILABLE' }

/**
 * Asks the leader for one order (limit 0) or a listing from `number` on, and asks again until somebody leads who can
 * tell: "not found" is said only by a leader that had it confirmed.
 */
export async function findOrders(runtime: Runtime, leadership: Leadership, number: number, limit: number): Promise<OrdersFound> {
  const { clock } = runtime
  const until = clock.monotonicMs() + CLIENT_PATIENCE_MS
  for (;;) {
    const leader = leadership.leader
    const answer = await leader?.query(number, limit, Math.min(TRY_MS, Math.max(0, until - clock.monotonicMs())))
    if (answer?.result === 'found') return { kind: 'found', entries: answer.entries }
    if (answer?.result === 'not-found') return { kind: 'not-found' }
    if (answer?.result === 'not-leader' && leader) leadership.refused(leader)
    if (clock.monotonicMs() + RETRY_MS >= until) return { kind: 'unavailable', error: leader ? 'UNAVAILABLE' : 'NO_LEADER' }
    await sleep(clock, RETRY_MS)
  }
}
