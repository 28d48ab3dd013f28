import { createHash } from 'node:crypto'

/** One event of a model: what happens, in words, and the state after it. */
export interface Step<State> {
  readonly event: string
  readonly state: State
}

/** A system as the checker sees it. States are values: nothing changes them. */
export interface Model<State> {
  readonly initial: State
  /** Everything that can happen next. */
  steps(state: State): readonly Step<State>[]
  /** The state as a text. States with equal texts count as one and the same. */
  encode(state: State): string
  /** Why the state must never be reached, or undefined. */
  violation(state: State): string | undefined
}

/** The result of an exploration. */
export interface Exploration {
  /** Different states that were looked at. */
  readonly states: number
  /** Events on the longest of the shortest ways to a state. */
  readonly depth: number
  /** A shortest way to a state that must not be reached; undefined when there is none. */
  readonly counterexample: Counterexample | undefined
}

export interface Counterexample {
  readonly why: string
  /** Events from the initial state on. */
  readonly events: readonly string[]
}

/** How a state was reached first. */
interface Origin {
  readonly from: Origin | undefined
  readonly event: string
}

/** More states than any of our models has: a model that is beyond it has lost one of its bounds. */
const STATES_MAX = 3_000_000

/** 120 bits of a digest stand for a state: that two of some million states have the same ones is out of the question. */
const keyOf = (text: string): string => createHash('md5').update(text).digest('latin1').slice(0, 15)

/** Visits all states that can be reached, nearest first, until one of them violates the model. Throws when there are too many. */
export function explore<State>(model: Model<State>): Exploration {
  const { initial } = model
  const seen = new Set([keyOf(model.encode(initial))])
  let layer: { readonly state: State; readonly origin: Origin | undefined }[] = [{ state: initial, origin: undefined }]
  for (let depth = 0; ; depth += 1) {
    const next: typeof layer = []
    for (const { state, origin } of layer) {
      const why = model.violation(state)
      if (why !== undefined) return { states: seen.size, depth, counterexample: { why, events: eventsTo(origin) } }
      for (const { event, state: after } of model.steps(state)) {
        const key = keyOf(model.encode(after))
        if (seen.has(key)) continue
        seen.add(key)
        next.push({ state: after, origin: { from: origin, event } })
      }
    }
    if (next.length === 0) return { states: seen.size, depth, counterexample: undefined }
    if (seen.size > STATES_MAX) throw new Error(`more than ${STATES_MAX} states`)
    layer = next
  }
}

function eventsTo(last: Origin | undefined): string[] {
  const events: string[] = []
  for (let origin = last; origin; origin = origin.from) events.push(origin.event)
  return events.reverse()
}
