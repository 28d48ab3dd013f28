import { sleep } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Entry } from '../rpc/messages.ts'
import type { Leadership } from './leadership.ts'
import { RETRY_MS } from './patience.ts'

/** One try: a leader that does not answer may have been replaced. */
const TRY_MS = 2_000

export type OrdersFound =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'not-found' }
  /** Nobody leads, the leader could not have it confirmed, or too many listings wait. */
  | { readonly kind: 'unavailable'; readonly error: 'NO_LEADER' | 'UNAVAILABLE' | 'BUSY' }

/** One order (limit 0), or a listing of up to `limit` orders from `number` on. */
export interface OrdersQuestion {
  readonly number: number
  readonly limit: number
  readonly asker: Asker
  /** Monotonic time at which the asker waits no longer. */
  readonly until: number
}

/**
 * Asks the leader for one order (limit 0) or a listing from its number on, and asks again until somebody leads who can
 * tell: "not found" is said only by a leader that had it confirmed. It asks nobody again when the asker has gone.
 */
export async function findOrders(
  runtime: Runtime,
  leadership: Leadership,
  { number, limit, asker, until }: OrdersQuestion,
): Promise<OrdersFound> {
  const { clock } = runtime
  for (;;) {
    const leader = leadership.leader
    const answer = await leader?.query(number, limit, Math.min(TRY_MS, Math.max(0, until - clock.monotonicMs())))
    if (answer?.result === 'found') return { kind: 'found', entries: answer.entries }
    if (answer?.result === 'not-found') return { kind: 'not-found' }
    if (answer?.result === 'not-leader' && leader) leadership.refused(leader)
    if (asker.isGone || clock.monotonicMs() + RETRY_MS >= until) return { kind: 'unavailable', error: leader ? 'UNAVAILABLE' : 'NO_LEADER' }
    await sleep(clock, RETRY_MS)
  }
}
