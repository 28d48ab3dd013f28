import type { LiveLatency } from '../../http/live.ts'

/** So many times are kept for each half second. Of more, the newest ones. */
const TIMES_MAX = 4_096

/** How long requests of one kind took lately. */
class RecentTimes {
  #now = new Float64Array(TIMES_MAX)
  #before = new Float64Array(TIMES_MAX)
  #count = 0
  #countBefore = 0

  add(ms: number): void {
    this.#now[this.#count % TIMES_MAX] = ms
    this.#count += 1
  }

  /** Ends a half second. Returns the latencies of this one and the one before; null when there are none. */
  turn(): LiveLatency | null {
    const kept = (times: Float64Array, count: number) => times.subarray(0, Math.min(count, TIMES_MAX))
    const [now, before] = [kept(this.#now, this.#count), kept(this.#before, this.#countBefore)]
    const count = this.#count + this.#countBefore
    const all = new Float64Array(now.length + before.length)
    all.set(now)
    all.set(before, now.length)
    ;[this.#now, this.#before] = [this.#before, this.#now]
    this.#countBefore = this.#count
    this.#count = 0
    if (all.length === 0) return null
    all.sort()
    const at = (share: number) => rounded(all[Math.min(all.length - 1, Math.floor(share * all.length))]!)
    return { count, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
  }
}

const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000

/** The kinds of requests whose latency is told. */
type Kind = 'orders' | 'hits' | 'misses' | 'queries'

/** The latencies of a front end's clients. They are gathered only while somebody watches. */
export class Latencies {
  readonly #of: Readonly<Record<Kind, RecentTimes>> = {
    orders: new RecentTimes(),
    hits: new RecentTimes(),
    misses: new RecentTimes(),
    queries: new RecentTimes(),
  }
  /** True while somebody watches. */
  isWatched = false

  add(kind: Kind, ms: number): void {
    if (this.isWatched) this.#of[kind].add(ms)
  }

  /** Ends a half second. Returns what the last two have brought. */
  turn(): Readonly<Record<Kind, LiveLatency | null>> {
    const { orders, hits, misses, queries } = this.#of
    return { orders: orders.turn(), hits: hits.turn(), misses: misses.turn(), queries: queries.turn() }
  }
}
