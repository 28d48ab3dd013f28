import type { FinalLog } from './final-log.ts'
import type { Findings } from './findings.ts'
import { describe, type Operation, type Place } from './history.ts'
import { partitionPoint, sortedIndices } from './sorted.ts'

/** An answer that has to be true at some time from `start` to `end`. */
export interface Step {
  readonly operation: Operation
  readonly start: number
  readonly end: number
}

/** How far the log must have been visible, and the answer that shows it. */
interface Rise {
  readonly time: number
  readonly position: number
  readonly operation: Operation
}

/**
 * The least course of visible positions that real time and the answers allow. It takes the answers in the order of their
 * ends, and gives each the earliest position that fits. check-history.ts has the argument.
 */
export class Course {
  readonly #log: FinalLog
  readonly #findings: Findings
  /** By position: when all entries before it had been asked for. */
  readonly #askedBy: Float64Array
  readonly #rises: Rise[] = []

  constructor(log: FinalLog, firstStarts: Float64Array, findings: Findings) {
    this.#log = log
    this.#findings = findings
    this.#askedBy = new Float64Array(firstStarts.length + 1).fill(-Infinity)
    for (const [number, start] of firstStarts.entries()) {
      this.#askedBy[number + 1] = Math.max(this.#askedBy[number]!, start)
    }
  }

  run(steps: readonly Step[]): void {
    const starts = Float64Array.from(steps, ({ start }) => start)
    const byStart = indicesInOrderOf(starts)
    const byEnd = indicesInOrderOf(Float64Array.from(steps, ({ end }) => end))
    const risesAtStart = new Uint32Array(steps.length)
    let begun = 0
    for (const index of byEnd) {
      if (this.#findings.full) return
      const step = steps[index]!
      // A call that begins at the very time of an end does not count as after it.
      for (; begun < steps.length && starts[byStart[begun]!]! <= step.end; begun++) {
        risesAtStart[byStart[begun]!] = this.#rises.length
      }
      this.#place(step, this.#rises[risesAtStart[index]! - 1])
    }
  }

  /** Returns the position that must have been visible before `time`. */
  visibleBefore(time: number): number {
    const rises = partitionPoint(this.#rises.length, (index) => this.#rises[index]!.time < time)
    return this.#rises[rises - 1]?.position ?? 0
  }

  #place({ operation, end }: Step, before: Rise | undefined): void {
    const position = firstFit(operation, this.#log, before?.position ?? 0)
    if (position === undefined) return this.#reportStale(operation, before)
    if (this.#askedBy[position]! > end) return this.#reportFuture(operation, position, end)
    if (position > (this.#rises.at(-1)?.position ?? 0)) this.#rises.push({ time: end, position, operation })
  }

  #reportStale(operation: Operation, before: Rise | undefined): void {
    const involved = before ? [before.operation, operation] : [operation]
    const shown = before ? `, after ${describe(before.operation)} had shown the first ${before.position} orders` : ''
    const rule = operation.kind === 'place' ? 'rejection-true' : 'stale'
    this.#findings.add(rule, involved, `${describe(operation)}: that was over before it began${shown}`)
  }

  #reportFuture(operation: Operation, position: number, end: number): void {
    const early = this.#log.entries[partitionPoint(position, (index) => this.#askedBy[index]! <= end) - 1]
    const words = `it needs the first ${position} orders, and not all of them had been asked for`
    const which = early ? ` (number ${early.number}, key ${early.key}, had not)` : ''
    this.#findings.add('future', [operation], `${describe(operation)}: ${words}${which}`)
  }
}

/** Returns the earliest position, not below `from`, at which the answer is true. */
function firstFit(operation: Operation, log: FinalLog, from: number): number | undefined {
  switch (operation.kind) {
    case 'place':
      return firstPlacing(operation, log, from)
    case 'stock': {
      const { name, outcome } = operation
      return outcome.kind === 'found' ? log.firstShowing(from, name, outcome) : from
    }
    case 'order':
      if (operation.outcome.kind === 'found') return Math.max(from, operation.number + 1)
      return firstWithout(operation.number, from)
    case 'list': {
      const { outcome } = operation
      return outcome.kind === 'found' ? log.firstListing(from, operation, outcome.orders.length) : from
    }
  }
}

/** Returns the earliest position, not below `from`, without this order. A text that is no order number is never found. */
function firstWithout(number: number, from: number): number | undefined {
  const visible = Number.isSafeInteger(number) && number >= 0 && number < from
  return visible ? undefined : from
}

function firstPlacing(call: Place, log: FinalLog, from: number): number | undefined {
  const { outcome } = call
  if (outcome.kind === 'accepted') return Math.max(from, outcome.number + 1)
  return outcome.kind === 'rejected' ? log.firstRejecting(from, call, outcome.reason) : from
}

const indicesInOrderOf = (times: Float64Array): Uint32Array =>
  sortedIndices(times.length, (one, other) => order(times[one]!, times[other]!))

/** Compares two times. Infinities of one sign are equal, though their difference is no number. */
const order = (one: number, other: number): number => (one < other ? -1 : one > other ? 1 : 0)
