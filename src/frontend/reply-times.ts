/** At one ping each 150 ms a replica that has just been late is remembered for some ten seconds. */
const KEPT_OF_SLOWEST = 0.97
/** A replica may take this many times what it lately took, before it is taken for dead. */
const SLOWEST_TIMES = 2
/** It is never waited for longer than this: a busy machine excuses only so much. */
const PATIENCE_MAX_MS = 1_500

/**
 * How long one replica takes to answer a ping: what is on a machine with too much to do answers late, and lives. Times are
 * those that this process was awake.
 */
export class ReplyTimes {
  /** When each ping was sent that is not answered yet, oldest first. */
  readonly #sentAt = new Map<number, number>()
  #slowest = 0
  /** Whether it has answered on the stream that is open. */
  #hasAnswered = false

  sent(ping: number, nowMs: number): void {
    this.#sentAt.set(ping, nowMs)
  }

  /** Pings are answered in order. */
  answered(ping: number, nowMs: number): void {
    this.#hasAnswered = true
    const sentAt = this.#sentAt.get(ping)
    for (const earlier of this.#sentAt.keys()) if (earlier <= ping) this.#sentAt.delete(earlier)
    if (sentAt !== undefined) this.#slowest = Math.max(nowMs - sentAt, this.#slowest * KEPT_OF_SLOWEST)
  }

  /** Begins anew with a new stream: requests on the old one get no answer. The reply times so far still count. */
  begin(): void {
    this.#sentAt.clear()
    this.#hasAnswered = false
  }

  /**
   * For how long the replica may say nothing, in ms. Before its first answer on a stream nobody knows how long it takes, and
   * nobody uses it: one that always takes long would else never be heard.
   */
  get patienceMs(): number {
    if (!this.#hasAnswered) return PATIENCE_MAX_MS
    return Math.min(PATIENCE_MAX_MS, this.#slowest * SLOWEST_TIMES)
  }
}
