import type { LiveState } from '../../src/http/live.ts'

/** How many seconds the chart remembers. */
export const SAMPLES_MAX = 900
const SECOND_MS = 1_000
/** A state comes twice a second. After so long without one, the front end was gone. */
const SILENCE_TOLD_MS = 2_500

/** The figures of one second. `null`: no order was answered in it. */
export interface Sample {
  readonly atMs: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  /** Published orders per second. */
  readonly rate: number
  /** For how long no order had been answered at the end of this second, although some waited. */
  readonly stallMs: number
}

/** Returns the samples after a state. There is one for each second. A later state of the same second takes its place. */
export function withState(samples: readonly Sample[], state: LiveState): readonly Sample[] {
  const { orders } = state.latency
  const sample: Sample = {
    atMs: state.timeMs,
    p50: orders?.p50 ?? null,
    p95: orders?.p95 ?? null,
    p99: orders?.p99 ?? null,
    rate: state.ordersPerSecond,
    stallMs: state.stallMs,
  }
  const last = samples.at(-1)
  const isSameSecond = last !== undefined && Math.floor(last.atMs / SECOND_MS) === Math.floor(sample.atMs / SECOND_MS)
  // A longer stall within the second is kept.
  const next = isSameSecond && last.stallMs > sample.stallMs ? { ...sample, stallMs: last.stallMs } : sample
  const before = isSameSecond ? samples.slice(0, -1) : samples
  const silentMs = last === undefined ? 0 : sample.atMs - last.atMs
  if (silentMs <= SILENCE_TOLD_MS) return [...before, next].slice(-SAMPLES_MAX)
  const silence: Sample = { atMs: sample.atMs - 1, p50: null, p95: null, p99: null, rate: 0, stallMs: silentMs - 1 }
  return [...before, silence, next].slice(-SAMPLES_MAX)
}

/** A time without an answer. */
export interface Stall {
  readonly fromMs: number
  readonly toMs: number
}

/** Returns the stalls that the samples tell of, those of less than `leastMs` left out. */
export function stallsIn(samples: readonly Sample[], leastMs: number): readonly Stall[] {
  const stalls: Stall[] = []
  for (const { atMs, stallMs } of samples) {
    if (stallMs < leastMs) continue
    const [fromMs, last] = [atMs - stallMs, stalls.at(-1)]
    if (last && fromMs <= last.toMs) stalls[stalls.length - 1] = { fromMs: Math.min(last.fromMs, fromMs), toMs: atMs }
    else stalls.push({ fromMs, toMs: atMs })
  }
  return stalls
}
