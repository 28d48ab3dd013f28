import type { Rules } from './rules.ts'
import { serves } from './replicas.ts'
import { firstOf, keysOf, without, withKey, type Keys, type State } from './state.ts'

/**
 * Adds what clients know after a step, as early as they could know it. Whoever hears later hears the same. Once a step has broken
 * the promise, `broken` says so.
 */
export function told(rules: Rules, state: State): State {
  const { cached, synced, open, published, settledAt } = state
  if (!open || !cached || state.broken !== undefined) return state
  const isShown = published >= settledAt || !rules.settle // P1
  const visible = isShown ? firstOf(cached.log, published) : ''
  const back = isShown && !visible.startsWith(state.shown) && !state.shown.startsWith(visible)
  if (back) return { ...state, broken: `what is shown is not what was shown before: ${visible}, before: ${state.shown}` }
  if (isShown && visible.length < state.shown.length)
    return { ...state, broken: `less is shown than before: ${visible}, before: ${state.shown}` }
  const shown = visible.length > state.shown.length ? visible : state.shown
  const answerable = rules.rejectWhenSynced ? (synced?.rejected ?? '') : cached.rejected
  const isServed = state.replicas.some((replica) => serves(replica, published))
  const toldRejected = isServed ? [...answerable].reduce(withKey, state.toldRejected) : state.toldRejected
  const forgiven = isServed ? without(state.forgiven, answerable) : state.forgiven
  return checked({ ...state, shown, toldRejected, forgiven })
}

/** The ledger has lost what was rejected: these orders may be decided anew when they come again. */
export const forgiving = (state: State, kept: Keys): State => ({ ...state, forgiven: without(state.toldRejected, kept) })

/** An order whose rejection was lost is decided anew: its client has asked again. */
export const askedAgain = (state: State, key: string): State =>
  state.forgiven.includes(key)
    ? { ...state, toldRejected: without(state.toldRejected, key), forgiven: without(state.forgiven, key) }
    : state

function checked(state: State): State {
  const { cached, shown, toldRejected } = state
  const keys = keysOf(shown)
  const both = [...toldRejected].find((key) => keys.includes(key))
  if (both !== undefined) return { ...state, broken: `order ${both} was told to be rejected, and is shown in the log` }
  const twice = [...keys].find((key, at) => keys.indexOf(key) !== at)
  if (twice !== undefined) return { ...state, broken: `order ${twice} stands in the log twice` }
  if (!cached?.log.startsWith(shown)) return { ...state, broken: `the ledger ${cached?.log} has lost something that was shown: ${shown}` }
  const wrong = state.replicas.find((replica) => serves(replica, state.published) && !cached.log.startsWith(replica.log))
  if (wrong) return { ...state, broken: `a leader serves from ${wrong.log}, the ledger is ${cached.log}` }
  return state
}
