import type { Clock } from '../runtime/clock.ts'

/** This part of a granted lease is used. Clocks do not run alike. */
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
 * Measures how long the catalogue's last grant holds.
 *
 * K3. The lease is measured from the moment of asking, by two clocks. It is over as soon as one of them says so.
 */
export class Lease {
  readonly #clock: Clock
  /** The moments of the asks that are not answered yet, by number. */
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
   * Takes in a grant that answers `ask`. From now on the lease is `leaseMs` long, counted from the moment of that ask.
   * Returns false when the grant counts for nothing: its length is 0, nobody asked for it, or a later ask was answered
   * before.
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

  /** Ends the lease at once. A grant that was asked for before does not bring it back. */
  end(): void {
    this.#granted = undefined
    this.#asked.clear()
  }

  #now(): Moment {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() }
  }
}
