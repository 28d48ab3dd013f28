import type { LatencyMicroseconds } from '../load/open-loop.ts'
import { keptBytes } from './disk.ts'
import { cpuMicroseconds } from './processes.ts'
import { sum } from '../../test/statistics.ts'
import type { Counters, System } from './system.ts'

export interface LatencyMs {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export function inMs({ p50, p90, p95, p99, p999, max }: LatencyMicroseconds): LatencyMs {
  const ms = (microseconds: number) => microseconds / 1_000
  return { p50: ms(p50), p90: ms(p90), p95: ms(p95), p99: ms(p99), p999: ms(p999), max: ms(max) }
}

/** The observations of a load generator. */
export interface LoadResult {
  readonly answered: number
  /** Answers that were refusals, failed connections and time-outs. */
  readonly errors: number
  readonly seconds: number
  /** Requests answered as wanted. */
  readonly perSecond: number
  readonly latencyMs: LatencyMs
  /** CPU of the generator itself. */
  readonly cpuMicroseconds: number | undefined
}

/** The cost of one round for the measured system. A figure that this machine does not tell is undefined. */
export interface Cost {
  /** CPU by process, in microseconds. */
  readonly cpuMicroseconds: Readonly<Record<string, number>>
  /** Growth of the files that it keeps. */
  readonly keptBytes: number
  readonly counters: Counters | undefined
}

export interface Measure extends LoadResult {
  readonly cost: Cost
  /** The system's trouble meanwhile. With any, the figures do not count. */
  readonly trouble: readonly string[]
}

/** Runs a load and takes the system's figures before and after it. */
export async function measure<T extends LoadResult>(system: System, load: () => Promise<T>): Promise<T & Measure> {
  const before = await observe(system)
  const { result, trouble } = await watch(system, load)
  const after = await observe(system)
  return { ...result, cost: costBetween(before, after), trouble }
}

/** Runs a load, and tells the system's trouble meanwhile. */
export async function watch<T>(
  system: System,
  load: () => Promise<T>,
): Promise<{ readonly result: T; readonly trouble: readonly string[] }> {
  const lackedBefore = (await system.trouble?.()) ?? []
  const before = mainPids(system)
  const result = await load()
  const lackedAfter = (await system.trouble?.()) ?? []
  const after = mainPids(system)
  const gone = [...before.keys()].filter((name) => after.get(name) !== before.get(name))
  const trouble = [...lackedBefore, ...gone.map((name) => `${name} ended or was started again`), ...lackedAfter]
  return { result, trouble: [...new Set(trouble)] }
}

/** Returns the first process of each name. The processes that it starts come and go. */
const mainPids = (system: System): ReadonlyMap<string, number | undefined> =>
  new Map([...system.pids()].map(([name, pids]) => [name, pids[0]]))

/** Returns the CPU that all processes of a system have used until now, in microseconds. */
export const totalCpu = (system: System): number => sum(Object.values(cpuByName(system)))

async function observe(system: System): Promise<Cost> {
  return {
    cpuMicroseconds: cpuByName(system),
    keptBytes: system.folder === undefined ? 0 : keptBytes(system.folder),
    counters: await system.counters?.(),
  }
}

function cpuByName(system: System): Record<string, number> {
  const known = [...system.pids()].flatMap(([name, pids]) => {
    const used = sumKnown(pids.map(cpuMicroseconds))
    return used === undefined ? [] : [[name, used] as const]
  })
  return Object.fromEntries(known)
}

/** Adds the known values. A process that has just ended has none; its CPU is counted in the one that started it. */
function sumKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : sum(known)
}

function costBetween(before: Cost, after: Cost): Cost {
  const earlier = before.cpuMicroseconds
  const cpu = Object.entries(after.cpuMicroseconds).map(([name, value]) => [name, value - (earlier[name] ?? 0)])
  return {
    cpuMicroseconds: Object.fromEntries(cpu),
    keptBytes: after.keptBytes - before.keptBytes,
    counters: before.counters && after.counters && countersBetween(before.counters, after.counters),
  }
}

const countersBetween = (before: Counters, after: Counters): Counters => ({
  orders: after.orders - before.orders,
  batches: after.batches - before.batches,
  commits: after.commits - before.commits,
})
