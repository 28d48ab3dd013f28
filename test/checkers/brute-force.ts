import { isDeepStrictEqual } from 'node:util'
import { BazaarModel } from './bazaar-model.ts'
import type { Recording } from './history-file.ts'
import { sameContent, type Operation, type Place, type PlaceOutcome } from './history.ts'

/** One state of the search: which calls have taken effect, which call has each key, and what became of it. */
interface Branch {
  /** Bit i: operation i has taken effect. */
  readonly done: number
  /** Entries that are visible. */
  readonly position: number
  /** By key: the call whose order has it. A key is taken when the order is decided, perhaps before it is visible. */
  readonly holders: Readonly<Record<string, number>>
  readonly outcomes: Readonly<Record<string, PlaceOutcome>>
}

/**
 * Says whether some order of the calls, true to their times, explains a recording. It tries all orders, so it is for a few
 * calls only. It shares only types with the checker.
 */
export function explainable(recording: Recording): boolean {
  return new Search(recording).run({ done: 0, position: 0, holders: {}, outcomes: {} })
}

class Search {
  readonly #recording: Recording
  readonly #seen = new Set<string>()

  constructor(recording: Recording) {
    this.#recording = recording
  }

  run(branch: Branch): boolean {
    const place = JSON.stringify(branch)
    if (this.#seen.has(place)) return false
    this.#seen.add(place)
    if (this.#isComplete(branch)) return true
    return this.#recording.operations.some((operation, index) => {
      if (!this.#mayHappen(index, branch)) return false
      return operation.kind === 'place' ? this.#place(operation, index, branch) : this.#read(operation, index, branch)
    })
  }

  #isComplete({ done, position, holders, outcomes }: Branch): boolean {
    const { operations, log } = this.#recording
    const answered = operations.every(({ outcome }, index) => outcome.kind === 'unknown' || isDone(done, index))
    return answered && position === log.length && Object.keys(holders).every((key) => key in outcomes)
  }

  /** Says whether a call may take effect now: all calls that ended before it began have done so. */
  #mayHappen(index: number, { done }: Branch): boolean {
    const { operations } = this.#recording
    const { start } = operations[index]!
    const waits = operations.some(({ end, outcome }, other) => outcome.kind !== 'unknown' && end < start && !isDone(done, other))
    return !waits && !isDone(done, index)
  }

  #read(read: Exclude<Operation, Place>, index: number, branch: Branch): boolean {
    const { outcome } = read
    if (outcome.kind === 'unknown') return false
    const shown = this.#shownAt(branch.position, read)
    return isDeepStrictEqual(shown, outcome) && this.run({ ...branch, done: branch.done | (1 << index) })
  }

  #shownAt(position: number, read: Exclude<Operation, Place>): Operation['outcome'] {
    const model = this.#modelAt(position)
    switch (read.kind) {
      case 'stock':
        return model.stock(read, read.outcome.kind === 'found' && 'volume' in read.outcome)
      case 'order':
        return model.order(read)
      case 'list':
        return model.list(read)
    }
  }

  #place(call: Place, index: number, branch: Branch): boolean {
    const { key } = call
    const holder = branch.holders[key]
    const taken = holder === undefined ? { ...branch, holders: { ...branch.holders, [key]: index } } : branch
    if (holder === undefined && this.run(taken)) return true
    const happened = { ...taken, done: branch.done | (1 << index) }
    const other = holder !== undefined && !sameContent(this.#recording.operations[holder] as Place, call)
    if (other) return answers(call, { kind: 'key-reused' }) && this.run(happened)
    const recorded = branch.outcomes[key]
    if (recorded) return answers(call, recorded) && this.run(happened)
    return this.#decide(call, happened)
  }

  #decide(call: Place, branch: Branch): boolean {
    const model = this.#modelAt(branch.position)
    const outcome = model.place(call)
    if (!answers(call, outcome)) return false
    const accepted = outcome.kind === 'accepted'
    if (accepted && !isDeepStrictEqual(model.log.at(-1), this.#recording.log[branch.position])) return false
    const position = branch.position + (accepted ? 1 : 0)
    return this.run({ ...branch, position, outcomes: { ...branch.outcomes, [call.key]: outcome } })
  }

  #modelAt(position: number): BazaarModel {
    const model = new BazaarModel(this.#recording.opening)
    for (const entry of this.#recording.log.slice(0, position)) model.place(entry)
    return model
  }
}

const isDone = (done: number, index: number): boolean => (done & (1 << index)) !== 0

const answers = ({ outcome }: Place, due: PlaceOutcome): boolean => outcome.kind === 'unknown' || isDeepStrictEqual(outcome, due)
