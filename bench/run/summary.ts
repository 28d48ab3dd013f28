import { hasErrors } from './errors.ts'
import type { LatencyMs, Measure } from './measure.ts'
import type { Results, Run } from './results.ts'
import { SUBJECT } from './settings.ts'
import { median, medianKnown, type Spread, spread, sum } from '../../test/statistics.ts'

/** All rounds of one system under one workload at one number of connections. */
export interface Summary {
  readonly system: string
  readonly perSecond: Spread
  /** Medians over the rounds. */
  readonly latencyMs: LatencyMs
  readonly errors: number
  /** True when these figures do not count. */
  readonly hasErrors: boolean
  /** CPU by process, in microseconds a request. */
  readonly cpuByProcess: Readonly<Record<string, number>>
  /** CPU of all processes together, in microseconds a request. */
  readonly cpu: number
  /** Requests per second at which the busiest process would fill a core of its own. */
  readonly coreLimit: number | undefined
  /** CPU of the load generator, in microseconds a request, and its share of one core, 0..1. */
  readonly loadCpu: number | undefined
  readonly loadShare: number | undefined
  /** The subject's throughput divided by this system's, round by round. Undefined for the subject itself. */
  readonly ratio: Spread | undefined
  /** Undefined when the workload has no orders. */
  readonly perOrder: PerOrder | undefined
}

/** The cost of one order. A figure may be unknown. */
export interface PerOrder {
  /** Growth of the system's files. Undefined when they have not grown, since they grow in steps. */
  readonly keptBytes: number | undefined
  readonly ordersPerBatch: number | undefined
  readonly commits: number | undefined
}

/** Returns a summary of each measured system, in the order of the turns. */
export function summaries({ systems, runs, workloads }: Results, workload: string, connections: number): Summary[] {
  const here = runs.filter((run) => run.workload === workload && run.connections === connections)
  const ordersShare = workloads.find(({ name }) => name === workload)?.ordersShare ?? 0
  const subject = here.filter(({ system }) => system === SUBJECT)
  return systems.flatMap(({ name }) => {
    const own = here.filter(({ system }) => system === name)
    return own.length === 0 ? [] : summaryOf(name, own, name === SUBJECT ? [] : subject, ordersShare)
  })
}

function summaryOf(system: string, own: readonly Run[], subject: readonly Run[], ordersShare: number): Summary {
  const measures = own.map(({ measure }) => measure)
  const cpuByProcess = cpuOf(measures)
  const busiest = Math.max(0, ...Object.values(cpuByProcess))
  const ratios = own.flatMap(({ round, measure }) => {
    const other = subject.find((run) => run.round === round)
    return other ? [other.measure.perSecond / measure.perSecond] : []
  })
  return {
    system,
    perSecond: spread(measures.map(({ perSecond }) => perSecond)),
    latencyMs: medianLatency(measures),
    errors: sum(measures.map(({ errors }) => errors)),
    hasErrors: own.some(hasErrors),
    cpuByProcess,
    cpu: sum(Object.values(cpuByProcess)),
    coreLimit: busiest > 0 ? 1e6 / busiest : undefined,
    loadCpu: medianKnown(measures.map(({ cpuMicroseconds: cpu, answered }) => cpu && cpu / answered)),
    loadShare: medianKnown(measures.map(({ cpuMicroseconds: cpu, seconds }) => cpu && cpu / seconds / 1e6)),
    ratio: ratios.length === 0 ? undefined : spread(ratios),
    perOrder: perOrder(measures, ordersShare),
  }
}

function medianLatency(measures: readonly Measure[]): LatencyMs {
  const of = (at: keyof LatencyMs) => median(measures.map(({ latencyMs }) => latencyMs[at]))
  return { p50: of('p50'), p90: of('p90'), p95: of('p95'), p99: of('p99'), p999: of('p999'), max: of('max') }
}

/** Computes the CPU over all rounds together. A clock that ticks in hundredths of a second is too coarse for one round. */
function cpuOf(measures: readonly Measure[]): Record<string, number> {
  const answered = sum(measures.map((measure) => measure.answered))
  const names = new Set(measures.flatMap(({ cost }) => Object.keys(cost.cpuMicroseconds)))
  const total = (name: string) => sum(measures.map(({ cost }) => cost.cpuMicroseconds[name] ?? 0))
  return Object.fromEntries([...names].map((name) => [name, total(name) / answered]))
}

/** Computes the cost of an order over all rounds together, as files grow in steps. */
function perOrder(measures: readonly Measure[], ordersShare: number): PerOrder | undefined {
  const orders = ordersShare * sum(measures.map(({ answered, errors }) => answered - errors))
  const keptBytes = sum(measures.map(({ cost }) => cost.keptBytes))
  if (orders === 0) return undefined
  const counters = measures.flatMap(({ cost }) => cost.counters ?? [])
  const decided = sum(counters.map((counter) => counter.orders))
  return {
    keptBytes: keptBytes > 0 ? keptBytes / orders : undefined,
    ordersPerBatch: decided > 0 ? decided / sum(counters.map(({ batches }) => batches)) : undefined,
    commits: decided > 0 ? sum(counters.map(({ commits }) => commits)) / decided : undefined,
  }
}
