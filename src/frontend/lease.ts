import type { Clock } from '../runtime/clock.ts'

/** Of the lease that the catalogue grants, this part is used: clocks do not run alike. */
const LEASE_USED = 0.9

/** A moment, by both clocks. */
interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

interface Granted {
  readonly asked: Moment
  readonly lengthMs: number
}

/**
 * How long the catalogue's last grant holds.
 *
 * K3. The lease is measured from the moment of asking, by two clocks: whichever says that it is over is believed.
 */
export class Lease {
  readonly #clock: Clock
  /** When what is not answered yet was asked, by its number. */
  readonly #asked = new Map<number, Moment>()
  #lastAsk = 0
  #granted: Granted | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called when a grant is asked for. Returns the number to ask under. */
  ask(): number {
    this.#lastAsk += 1
    this.#asked.set(this.#lastAsk, this.#now())
    return this.#lastAsk
  }

  /**
   * A grant has come that answers `ask`: from now on `leaseMs` count from that moment. False when it counts for nothing: its
   * length is 0, or nobody has asked, or a later one was answered before.
   */
  grant(ask: number, leaseMs: number): boolean {
    const asked = this.#asked.get(ask)
    for (const earlier of this.#asked.keys()) if (earlier <= ask) this.#asked.delete(earlier)
    if (!asked || leaseMs === 0) return false
    this.#granted = { asked, lengthMs: leaseMs * LEASE_USED }
    return true
  }

  get isLive(): boolean {
    if (!this.#granted) return false
    const { asked, lengthMs } = this.#granted
    const { monotonicMs, wallMs } = this.#now()
    return monotonicMs - asked.monotonicMs < lengthMs && wallMs - asked.wallMs < lengthMs
  }

  /** Forgets renewals that will not be answered any more. The present grant still holds. */
  forgetAsked(): void {
    this.#asked.clear()
  }

  /** It is over at once, and what was asked for before does not bring it back. */
  end(): void {
    this.#granted = undefined
    this.#asked.clear()
  }

  #now(): Moment {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() }
  }
}
