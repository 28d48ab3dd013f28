/** Retries that follow each other within this time are told as one burst. */
const BURST_GAP_MS = 1_000
/** More bursts than this are counted, but not told one by one. */
const BURSTS_MAX = 20

/** Requests that were sent again in close succession. Moments are milliseconds since 1970. */
export interface Burst {
  readonly fromMs: number
  readonly toMs: number
  readonly times: number
  /** Why the last of them was sent again. */
  readonly cause: string
}

/** Remembers when requests were sent again, and why. */
export class Retries {
  #times = 0
  #bursts: Burst[] = []

  /** Counts a request that is sent again at the moment `atMs`. */
  add(atMs: number, cause: string): void {
    this.#times += 1
    const last = this.#bursts.at(-1)
    const isSame = last !== undefined && atMs - last.toMs <= BURST_GAP_MS
    if (isSame) this.#bursts[this.#bursts.length - 1] = { ...last, toMs: atMs, times: last.times + 1, cause }
    else if (this.#bursts.length < BURSTS_MAX) this.#bursts.push({ fromMs: atMs, toMs: atMs, times: 1, cause })
  }

  /** How many requests were sent again, and the first bursts of them. */
  summary(): { readonly times: number; readonly bursts: readonly Burst[] } {
    return { times: this.#times, bursts: [...this.#bursts] }
  }
}
