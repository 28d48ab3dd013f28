import { clockTime } from '../status-course.ts'
import { tableLines, type Column } from '../table.ts'
import type { Paint } from '../terminal.ts'
import { count, duration } from '../units.ts'
import { type Latencies, OPERATIONS } from './latency.ts'
import type { Course } from './recorder.ts'
import type { Burst } from './retries.ts'
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

/** Returns the kinds of requests that occurred, with their latencies. */
const occurred = (latencies: Latencies) =>
  OPERATIONS.map((operation) => ({ operation, summary: latencies.summary(operation) })).filter(({ summary }) => summary.count > 0)

/** Returns what a run tells of its course: the longest pause, and when requests were sent again. Times are UTC. */
function courseLines({ longestPause, retries }: Course): string[] {
  const pause = longestPause
    ? [`longest pause ${duration(longestPause.ms)} without an answer to an order, from ${clockTime(longestPause.atMs)} on`]
    : []
  const untold = retries.times - retries.bursts.reduce((sum, { times }) => sum + times, 0)
  return [...pause, ...retries.bursts.map(burstWords), ...(untold > 0 ? [`${count(untold, 'more request')} sent again later`] : [])]
}

const burstWords = ({ fromMs, toMs, times, cause }: Burst): string =>
  `${count(times, 'request')} sent again ${times === 1 ? 'at' : 'from'} ${clockTime(fromMs)}${times === 1 ? '' : ` to ${clockTime(toMs)}`}: ${cause}`

export function reportLines(counts: TallyCounts, latencies: Latencies, course: Course, paint: Paint): string[] {
  const rows = occurred(latencies).map(({ operation, summary }) => {
    const { count: times, ...ms } = summary
    return [operation, `${times}`, ...[ms.average, ms.p50, ms.p95, ms.p99, ms.max].map((value) => value.toFixed(2))]
  })
  const problems = [
    ...counts.nonMatches,
    ...(counts.lookupsUnanswered > 0 ? [`${count(counts.lookupsUnanswered, 'lookup')} got no answer`] : []),
    ...(counts.unanswered > 0 ? [`${count(counts.unanswered, 'order')} got no answer`] : []),
    ...(counts.queriesUnanswered > 0 ? [`${counts.queriesUnanswered} accepted orders could not be queried`] : []),
  ]
  return [
    ...(rows.length > 0 ? [...tableLines(COLUMNS, rows), ''] : []),
    ...courseLines(course),
    `${count(counts.accepted, 'order')} accepted, ${counts.refused} refused, ${counts.verified} verified`,
    ...(counts.lookupsRefused > 0 ? [`${count(counts.lookupsRefused, 'lookup')} found no such stock`] : []),
    ...problems.map((words) => paint('red', words)),
    paint(isClean(counts) ? 'green' : 'red', verdict(counts)),
  ]
}

/** Returns the report for programs. */
export function reportJson(counts: TallyCounts, latencies: Latencies, course: Course): object {
  const latencyMs = Object.fromEntries(occurred(latencies).map(({ operation, summary }) => [operation, summary]))
  return { verdict: verdict(counts), clean: isClean(counts), ...counts, latencyMs, ...course }
}
