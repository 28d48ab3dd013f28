import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'

/** How long a replica follows nobody before that is worth a line: an election is over by then. */
const ALONE_AFTER_MS = 1_000
/** A reason may quote what another process has sent, at any length. */
const WHY_CHARACTERS_MAX = 300
/** How often it is told again, with the reason of the moment. */
const ALONE_REPORT_MS = 10_000

/** Keeps for how long, and why, this replica has followed nobody although it does not lead, and logs it now and then. */
export class Solitude {
  readonly #clock: Clock
  readonly #log: Logger
  #since: number | undefined
  #tellAt = 0
  #isTold = false
  #why: string | undefined

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  /** For how long, in ms; 0 when it leads or follows. */
  get ms(): number {
    return this.#since === undefined ? 0 : Math.max(1, Math.round(this.#clock.monotonicMs() - this.#since))
  }

  /** Why it could not join a leader when it last tried; undefined when it leads or follows. */
  get why(): string | undefined {
    return this.#since === undefined ? undefined : this.#why
  }

  /** Takes words of any length. The log and the status get so many of them as they can show. */
  because(why: string | undefined): void {
    this.#why = why?.slice(0, WHY_CHARACTERS_MAX)
  }

  /** Takes in whether this replica is alone now. Called several times a second. */
  look(isAlone: boolean): void {
    const now = this.#clock.monotonicMs()
    if (!isAlone) return this.#end()
    if (this.#since === undefined) {
      this.#since = now
      this.#tellAt = now + ALONE_AFTER_MS
    }
    if (now < this.#tellAt) return
    this.#log.warn({ ms: this.ms, why: this.#why }, this.#isTold ? 'still follows nobody' : 'follows nobody')
    this.#isTold = true
    this.#tellAt = now + ALONE_REPORT_MS
  }

  #end(): void {
    if (this.#isTold) this.#log.info({ ms: this.ms }, 'is not alone any more')
    this.#since = undefined
    this.#isTold = false
    this.#why = undefined
  }
}
