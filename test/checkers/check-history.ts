import type { Stock } from '../../src/domain/stock.ts'
import { FinalLog } from './final-log.ts'
import { Findings, type Violation } from './findings.ts'
import type { LogEntry, Operation } from './history.ts'
import { checkKeys, checkUnheard } from './keys.ts'
import { checkReads } from './reads.ts'
import { Course } from './real-time.ts'

export type Verdict =
  | { readonly ok: true; readonly operations: number }
  /** The first violations, at most 20. */
  | { readonly ok: false; readonly violations: readonly Violation[] }

/**
 * Decides whether a history, as clients saw it, is linearizable, exactly-once and lossless, given the log at the end. The
 * decision is exact: it names a violation if and only if no order of the calls, true to their times, explains all answers
 * and leads to this log. O(n log n).
 *
 * Rules that do not depend on time are checked against the log: numbers are dense, levels are in range, a key has one entry
 * and one outcome, contents agree, rejected keys are absent. Time is left. Position p is the state after the first p entries.
 * An execution is a course P: the position that is visible at each time, rising one by one. A history is linearizable if and
 * only if there is a course with
 *
 *   T1. every answer is true at some time t from its start to its end: P(t) is in A, the positions at which it is true.
 *       (An accepted n: above n. A level: the intervals in which the stock has it. A rejection: the decision, once for
 *       all calls with its key, from the start of the first to the end of the first answer.)
 *   T2. no entry is visible before the first call that asked for it began.
 *
 * For a call without an answer only T2 counts: it may take effect long after its client gave up, or never.
 *
 * The earliest fit is exact, for this reason. Take the answers in the order of their ends, and let m(t) be the largest
 * position given to an answer that ended before t. Give each answer (start s, end e) the earliest q in A with q >= m(s). By
 * induction every course that obeys T1 has P(s) >= m(s). So it meets A at q or later, and P(e) >= q. So m is a lower bound of
 * every course. And m is itself a course that obeys T1: at s it is m(s), at most q, and right after e it is at least q, so it
 * passes q in between. If some answer has no q, there is no course. Otherwise m is the least course, and T2 can be obeyed if
 * and only if m obeys it. That needs a look at each q only: the first q entries must have been asked for by e. If the answers
 * had no common order of positions, later intervals would have to be tried, too.
 *
 * "The key was used with another order" (key-reused) needs an order with that key and other content, sent before the refusal
 * ended. That order need not be visible yet: a key is taken when its order is decided, which is before it is shown.
 *
 * @throws Error for a call whose times are no numbers, or whose end precedes its start.
 */
export function checkHistory(history: readonly Operation[], finalLog: readonly LogEntry[], opening: readonly Stock[]): Verdict {
  requireTimes(history)
  const findings = new Findings()
  const log = FinalLog.read(finalLog, opening, findings)
  if (log) checkAgainst(log, history, findings)
  const { violations } = findings
  return violations.length === 0 ? { ok: true, operations: history.length } : { ok: false, violations }
}

function checkAgainst(log: FinalLog, history: readonly Operation[], findings: Findings): void {
  const { firstStarts, steps, unheard } = checkKeys(history, log, findings)
  const course = new Course(log, firstStarts, findings)
  course.run(steps.concat(checkReads(history, log, findings)))
  for (const calls of unheard) checkUnheard(calls, log, (time) => course.visibleBefore(time), findings)
}

function requireTimes(history: readonly Operation[]): void {
  for (const [index, { start, end }] of history.entries()) {
    if (!(start <= end)) throw new Error(`operation ${index} of the history lasts from ${start} to ${end}`)
  }
}
