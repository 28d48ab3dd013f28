/** This part of the slowest time is kept at each answer. At one ping each 150 ms, a late answer counts for some ten seconds. */
const KEPT_OF_SLOWEST = 0.97
/** When answers come more seldom than this, as they do at rest, an answer counts for several. */
const ANSWERS_A_SECOND = 6.7
/** A replica may be silent for this many times its slowest answer of late. */
const SLOWEST_TIMES = 2
/** A replica may never be silent for longer than this. A busy machine excuses no more. */
const PATIENCE_MAX_MS = 1_500

/**
 * Measures how long one replica takes to answer a ping. A replica on a machine with too much to do answers late, and lives.
 * All times are those that this process was awake.
 */
export class ReplyTimes {
  /** When each ping that is not answered yet was sent, oldest first. */
  readonly #sentAt = new Map<number, number>()
  #slowest = 0
  #answeredAt = 0
  /** True once the replica has answered on the stream that is open. */
  #hasAnswered = false

  sent(ping: number, nowMs: number): void {
    this.#sentAt.set(ping, nowMs)
  }

  /** Notes an answer. Pings are answered in order. */
  answered(ping: number, nowMs: number): void {
    this.#hasAnswered = true
    const sentAt = this.#sentAt.get(ping)
    for (const earlier of this.#sentAt.keys()) if (earlier <= ping) this.#sentAt.delete(earlier)
    if (sentAt === undefined) return
    const answers = Math.max(1, ((nowMs - this.#answeredAt) / 1_000) * ANSWERS_A_SECOND)
    this.#slowest = Math.max(nowMs - sentAt, this.#slowest * KEPT_OF_SLOWEST ** answers)
    this.#answeredAt = nowMs
  }

  /** Begins anew with a new stream: requests on the old one get no answer. The reply times so far still count. */
  begin(): void {
    this.#sentAt.clear()
    this.#hasAnswered = false
  }

  /**
   * How long the replica may be silent, in ms. Before its first answer on a stream it has the most time: nobody knows yet how
   * long it takes, and nobody uses it yet. With less time, a replica that always takes long would never be heard.
   */
  get patienceMs(): number {
    if (!this.#hasAnswered) return PATIENCE_MAX_MS
    return Math.min(PATIENCE_MAX_MS, this.#slowest * SLOWEST_TIMES)
  }
}
