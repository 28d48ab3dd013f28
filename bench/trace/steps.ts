import { EVENT, type EventName, type ProcessTrace } from './events.ts'

/** How long each step of one batch took, in microseconds. A step that the batch did not go through is missing. */
export type BatchSteps = ReadonlyMap<string, number>

/** From the batch's leaving the leader to its outcomes at the front end. */
export const WHOLE = 'WHOLE: batch sent to outcomes at the front end'

/** The processes of a traced system. */
export interface Traces {
  readonly frontEnd: ProcessTrace
  readonly catalogue: ProcessTrace
  readonly leader: ProcessTrace
  readonly followers: readonly ProcessTrace[]
}

/** Sorts traces by what their processes did. @throws Error when one is missing. */
export function sorted(traces: readonly ProcessTrace[]): Traces {
  const having = (event: EventName) => traces.filter(({ kinds }) => kinds.includes(EVENT[event]))
  const [frontEnd] = having('front end: orders sent')
  const [catalogue] = having('catalogue: batch heard')
  const [leader] = having('leader: batch sent')
  if (!frontEnd || !catalogue || !leader) throw new Error('a process left no trace')
  return { frontEnd, catalogue, leader, followers: having('follower: entries heard') }
}

/** The times of one kind of event in one process, in order. */
class Times {
  readonly #times: readonly number[]

  constructor({ kinds, times }: ProcessTrace, event: EventName) {
    this.#times = times.filter((_, at) => kinds[at] === EVENT[event])
  }

  /** The first one at or after `time`; NaN when there is none. */
  after(time: number): number {
    let low = 0
    let high = this.#times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#times[middle]! < time) low = middle + 1
      else high = middle
    }
    return this.#times[low] ?? NaN
  }

  between(from: number, to: number): number[] {
    return this.#times.filter((time) => time >= from && time < to)
  }
}

/** Finds the first event of a kind at or after a time; NaN when there is none. */
type Finder = (event: EventName, time: number) => number

/** The finders of all processes. */
interface Finders {
  readonly frontEnd: Finder
  readonly catalogue: Finder
  readonly leader: Finder
  readonly followers: readonly Finder[]
}

/** Takes in how long a step took. NaN counts as a step that did not happen. */
type Add = (name: string, microseconds: number) => void

/**
 * The steps of each batch that the leader sent between two times. One batch is on its way at a time, so the first event of a
 * kind after the step before belongs to the same batch. Of the followers the one is shown that answered last.
 */
export function batchesBetween(traces: Traces, from: number, to: number): BatchSteps[] {
  const finders = {
    frontEnd: finderIn(traces.frontEnd),
    catalogue: finderIn(traces.catalogue),
    leader: finderIn(traces.leader),
    followers: traces.followers.map(finderIn),
  }
  const checkpoints = checkpointsOf(traces)
  let lastSent = from
  return new Times(traces.leader, 'leader: batch sent').between(from, to).map((batchSent) => {
    const steps = new Map<string, number>()
    const add: Add = (name, microseconds) => {
      if (!Number.isNaN(microseconds)) steps.set(name, microseconds)
    }
    const waitedSince = finders.leader('leader: orders heard', lastSent)
    if (waitedSince < batchSent) add('orders wait at the leader (the first of a batch)', batchSent - waitedSince)
    lastSent = batchSent
    const decisionHeard = addDecision(add, finders, batchSent)
    addCopies(add, finders, decisionHeard)
    const outcomesHeard = addPublication(add, finders, decisionHeard)
    for (const { name, begun, ended } of checkpoints) {
      if (begun >= batchSent && begun < outcomesHeard) add(`checkpoint at the ${name}`, ended - begun)
    }
    add(WHOLE, outcomesHeard - batchSent)
    return steps
  })
}

/** Returns when the leader has heard the decision. */
function addDecision(add: Add, { catalogue, leader }: Finders, batchSent: number): number {
  const tradeHeard = catalogue('catalogue: batch heard', batchSent)
  const commit = catalogue('commit', tradeHeard)
  const committed = catalogue('committed', commit)
  const decisionSent = catalogue('catalogue: decision sent', tradeHeard)
  const decisionHeard = leader('leader: decision heard', decisionSent)
  add('leader → catalogue: batch', tradeHeard - batchSent)
  add('catalogue: decide and write', commit - tradeHeard)
  add('catalogue: commit and sync', committed - commit)
  add('catalogue: commit to message', decisionSent - committed)
  add('catalogue → leader: decision', decisionHeard - decisionSent)
  return decisionHeard
}

/** The copies and pushes, which run side by side. */
function addCopies(add: Add, { frontEnd, leader, followers }: Finders, decisionHeard: number): void {
  const entriesSent = leader('leader: entries handed over', decisionHeard)
  const commit = leader('commit', decisionHeard)
  add('leader: decision to entries sent', entriesSent - decisionHeard)
  add('leader: entries sent to own commit', commit - entriesSent)
  add('leader: commit and sync', leader('committed', commit) - commit)
  const [last] = followers.map((follower) => copyOf(follower, entriesSent)).toSorted((a, b) => b.says - a.says)
  if (last) {
    add('leader → last follower: entries', last.heard - entriesSent)
    add('last follower: write', last.commit - last.heard)
    add('last follower: commit and sync', last.committed - last.commit)
    add('last follower: commit to message', last.says - last.committed)
    add('last follower → leader: it holds', leader('leader: followers hold', last.says) - last.says)
  }
  add('leader → front end: stocks dropped', frontEnd('front end: stocks dropped', decisionHeard) - decisionHeard)
  add('decision heard to all pushes confirmed', leader('leader: pushes confirmed', decisionHeard) - decisionHeard)
  add('decision heard to all followers hold', leader('leader: followers hold', decisionHeard) - decisionHeard)
}

function copyOf(follower: Finder, entriesSent: number) {
  const heard = follower('follower: entries heard', entriesSent)
  const commit = follower('commit', heard)
  const committed = follower('committed', commit)
  return { heard, commit, committed, says: follower('follower: says that it holds', committed) }
}

/** Returns when the front end has heard the outcomes. */
function addPublication(add: Add, { frontEnd, catalogue, leader }: Finders, decisionHeard: number): number {
  const sent = leader('leader: publish sent', decisionHeard)
  const heard = catalogue('catalogue: publish heard', sent)
  const answered = catalogue('catalogue: published', heard)
  const published = leader('leader: published', answered)
  const outcomesHeard = frontEnd('front end: outcomes heard', published)
  const nextOrders = frontEnd('front end: orders sent', outcomesHeard)
  add('leader: all of that done to publish sent', sent - leader('leader: followers hold', decisionHeard))
  add('leader → catalogue: publish', heard - sent)
  add('catalogue: publish', answered - heard)
  add('catalogue → leader: published', published - answered)
  add('leader → front end: outcomes', outcomesHeard - published)
  add('front end: answers all', frontEnd('front end: answered', outcomesHeard) - outcomesHeard)
  add('front end: answers to next orders sent', nextOrders - outcomesHeard)
  add('front end → leader: orders', leader('leader: orders heard', nextOrders) - nextOrders)
  return outcomesHeard
}

function finderIn(trace: ProcessTrace): Finder {
  const byEvent = new Map<EventName, Times>()
  return (event, time) => {
    const known = byEvent.get(event) ?? new Times(trace, event)
    byEvent.set(event, known)
    return known.after(time)
  }
}

interface Checkpoint {
  readonly name: string
  readonly begun: number
  readonly ended: number
}

function checkpointsOf({ catalogue, leader, followers }: Traces): Checkpoint[] {
  const named = [['catalogue', catalogue], ['leader', leader], ...followers.map((trace) => ['follower', trace])] as [string, ProcessTrace][]
  return named.flatMap(([name, { kinds, times }]) =>
    times.flatMap((begun, at) => (kinds[at] === EVENT.checkpoint ? [{ name, begun, ended: times[at + 1] ?? begun }] : [])),
  )
}
