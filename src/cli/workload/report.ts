import { tableLines, type Column } from '../table.ts'
import type { Paint } from '../terminal.ts'
import { count } from '../units.ts'
import { type Latencies, OPERATIONS } from './latency.ts'
import type { TallyCounts } from './tally.ts'

const COLUMNS: readonly Column[] = [
  { title: 'latency (ms)', align: 'left' },
  ...['count', 'average', 'p50', 'p95', 'p99', 'max'].map((title) => ({ title, align: 'right' }) as const),
]

/**
 * Returns the last line of the report. The contract's two lines are used when there was an order to verify. Without any
 * order, each of them would claim something that nobody looked at. An order that could not be queried is not verified.
 */
export function verdict({ verified, accepted, refused, unanswered, nonMatches }: TallyCounts): string {
  if (accepted > 0) return verified === accepted && nonMatches.length === 0 ? 'ALL ORDERS VERIFIED' : 'A NON-MATCH WAS FOUND'
  return refused + unanswered > 0 ? 'NO ORDER WAS ACCEPTED' : 'NO ORDER WAS PLACED'
}

/**
 * Says whether a run went well: everything was answered, every accepted order was found as it was placed, and at least one
 * was accepted if any was asked for.
 */
export const isClean = (counts: TallyCounts): boolean =>
  ['ALL ORDERS VERIFIED', 'NO ORDER WAS PLACED'].includes(verdict(counts)) && counts.unanswered === 0 && counts.lookupsUnanswered === 0

export function reportLines(counts: TallyCounts, latencies: Latencies, paint: Paint): string[] {
  const rows = OPERATIONS.map((operation) => {
    const { count: times, ...ms } = latencies.summary(operation)
    return [operation, `${times}`, ...[ms.average, ms.p50, ms.p95, ms.p99, ms.max].map((value) => value.toFixed(2))]
  })
  const problems = [
    ...counts.nonMatches,
    ...(counts.lookupsUnanswered > 0 ? [`${count(counts.lookupsUnanswered, 'lookup')} got no answer`] : []),
    ...(counts.unanswered > 0 ? [`${count(counts.unanswered, 'order')} got no answer`] : []),
    ...(counts.queriesUnanswered > 0 ? [`${counts.queriesUnanswered} accepted orders could not be queried`] : []),
  ]
  return [
    ...tableLines(COLUMNS, rows),
    '',
    `${count(counts.accepted, 'order')} accepted, ${counts.refused} refused, ${counts.verified} verified`,
    ...(counts.lookupsRefused > 0 ? [`${count(counts.lookupsRefused, 'lookup')} found no such stock`] : []),
    ...problems.map((words) => paint('red', words)),
    paint(isClean(counts) ? 'green' : 'red', verdict(counts)),
  ]
}

/** Returns the report for programs. */
export function reportJson(counts: TallyCounts, latencies: Latencies): object {
  const latencyMs = Object.fromEntries(OPERATIONS.map((operation) => [operation, latencies.summary(operation)]))
  return { verdict: verdict(counts), clean: isClean(counts), ...counts, latencyMs }
}
