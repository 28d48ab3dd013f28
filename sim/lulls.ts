import type { World } from './world.ts'

const BUSY_MIN_MS = 300
const BUSY_MAX_MS = 2_500
/** Long enough for everything that rests to do so, and short enough for some of it only. */
const LULL_MIN_MS = 2_000
const LULL_MAX_MS = 9_000
/** As often as it is asked again whether a lull goes on. */
const LOOK_MS = 250

/** Times in which no client asks for anything, so that the processes are at rest when a fault strikes, or when somebody asks again. */
export class Lulls {
  readonly #world: World
  #untilMs = 0
  #stopped = false

  constructor(world: World) {
    this.#world = world
    this.#busy()
  }

  /** For at least so long nobody asks for anything, in ms of simulated time; 0 when clients do. */
  get leftMs(): number {
    return this.#stopped ? 0 : Math.max(0, Math.min(LOOK_MS, this.#untilMs - this.#world.scheduler.nowMs))
  }

  stop(): void {
    this.#stopped = true
  }

  #busy(): void {
    const { scheduler, random, trace } = this.#world
    scheduler.after(random.between(BUSY_MIN_MS, BUSY_MAX_MS), () => {
      const forMs = random.between(LULL_MIN_MS, LULL_MAX_MS)
      this.#untilMs = scheduler.nowMs + forMs
      trace(() => `a lull of ${Math.round(forMs)} ms`)
      scheduler.after(forMs, () => this.#busy())
    })
  }
}
