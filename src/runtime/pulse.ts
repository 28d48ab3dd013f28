import { untilNextMs, type Clock, type Timer } from './clock.ts'

export interface Pace {
  /** Time between two beats while something is under way. */
  readonly everyMs: number
  /** The same at rest, give or take a quarter. */
  readonly restMs: number
  /** Nothing has to be under way for so long before it rests. */
  readonly restAfterMs: number
}

/** Whose pulse it is. */
export interface PulseOwner {
  /** Says whether nothing is under way: nobody waits for anything, and everybody has answered the last beat. Asked before each beat. */
  isCalm(): boolean
  /**
   * Called at each beat. Everything that has arrived by then was read before. `rested`: it was at rest until this beat, so
   * `Clock.awakeMs` may have counted time in which this process stood still.
   */
  beat(rested: boolean): void
}

/**
 * A beat that is fast while something is under way, and slow at rest, where it costs next to nothing. It rests when its owner
 * has been calm for a while. Its owner wakes it as soon as somebody waits. While it is fast, `Clock.awakeMs` is exact.
 */
export class Pulse {
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #owner: PulseOwner
  #timer: Timer | undefined
  /** Kept while it does not rest. */
  #watch: Timer | undefined
  #calmMs = 0
  /** It was at rest when it last beat. */
  #hasRested = false
  /** It beats in this turn, after all that is ready. */
  #isDue = false

  constructor(clock: Clock, pace: Pace, owner: PulseOwner) {
    this.#clock = clock
    this.#pace = pace
    this.#owner = owner
  }

  /** Beats at once, and then at its pace. */
  start(): void {
    this.#quicken()
    this.#beat()
  }

  /** True when the next beat comes late. */
  get isAtRest(): boolean {
    return this.#timer !== undefined && this.#watch === undefined
  }

  /** Something is under way. At rest it beats in the next turn, and is fast from then on. */
  wake(): void {
    this.#calmMs = 0
    if (!this.isAtRest) return
    this.#quicken()
    this.#inNextTurn(() => this.#beat())
  }

  close(): void {
    this.#timer?.cancel()
    this.#watch?.cancel()
    this.#timer = this.#watch = undefined
  }

  #wait(): void {
    const { everyMs, restMs } = this.#pace
    this.#timer?.cancel()
    this.#timer = this.#clock.after(this.#watch ? everyMs : untilNextMs(this.#clock, restMs), () => {
      this.#wait()
      this.#inNextTurn(() => this.#due())
    })
  }

  /** Runs one of two that come in the same turn. */
  #inNextTurn(run: () => void): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#clock.nextTurn(() => {
      this.#isDue = false
      if (this.#timer) run() // Otherwise it was closed in this turn.
    })
  }

  #due(): void {
    this.#calmMs = this.#owner.isCalm() ? this.#calmMs + this.#pace.everyMs : 0
    const mayRest = this.#calmMs >= this.#pace.restAfterMs
    if (mayRest && this.#watch) this.#rest()
    else if (!mayRest && this.isAtRest) this.#quicken()
    this.#beat()
  }

  #beat(): void {
    const rested = this.#hasRested
    this.#hasRested = this.isAtRest
    this.#owner.beat(rested)
  }

  #quicken(): void {
    this.#watch = this.#clock.watchAwake()
    this.#wait()
  }

  #rest(): void {
    this.#watch?.cancel()
    this.#watch = undefined
    this.#wait()
  }
}
