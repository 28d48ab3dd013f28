import type { Clock, Timer } from './clock.ts'

/** How often late requests are looked for. */
const LATE_REQUESTS_TICK_MS = 1_000

/** A connection on which a request has arrived in part. */
export interface ArrivingRequest {
  /** Called when the rest has not come in time. */
  late(): void
}

/**
 * Requests that have arrived in part. Each has the same time to arrive in full, however steadily its bytes come. Time in
 * which this process stood still is not counted, and input that waited meanwhile is read before a request counts as late.
 */
export class LateRequests {
  readonly #clock: Clock
  readonly #arriveMs: () => number
  /** When each request began, in time that this process was awake. The oldest one is first. */
  readonly #since = new Map<ArrivingRequest, number>()
  #timer: Timer | undefined
  #watch: Timer | undefined

  /** `arriveMs`: how long a request may take from its first byte to its last. */
  constructor(clock: Clock, arriveMs: () => number) {
    this.#clock = clock
    this.#arriveMs = arriveMs
  }

  /** Notes that a request has arrived in part. */
  begin(request: ArrivingRequest): void {
    this.#watch ??= this.#clock.watchAwake()
    if (!this.#since.has(request)) this.#since.set(request, this.#clock.awakeMs())
    this.#timer ??= this.#clock.every(LATE_REQUESTS_TICK_MS, () => this.#clock.nextTurn(() => this.#tick()))
  }

  /** Forgets a request, since it has arrived or its connection is gone. */
  end(request: ArrivingRequest): void {
    this.#since.delete(request)
  }

  /** Stops waiting for all requests. */
  close(): void {
    this.#timer?.cancel()
    this.#watch?.cancel()
    this.#timer = this.#watch = undefined
    this.#since.clear()
  }

  #tick(): void {
    const begunBefore = this.#clock.awakeMs() - this.#arriveMs()
    for (const [request, since] of this.#since) {
      if (since > begunBefore) return
      this.#since.delete(request)
      request.late()
    }
    if (this.#since.size === 0) this.close()
  }
}
