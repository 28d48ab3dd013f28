import type { Fleet } from './fleet.ts'
import type { Target } from './targets.ts'

/** How a fault strikes: its targets, how long it lasts, and the seed of its own random numbers. */
export interface Step {
  /** Time since the step before. */
  readonly gapMs: number
  readonly lastsMs: number
  readonly targets: readonly Target[]
  readonly roll: number
}

/** The parts of a system that a fault acts on. */
export interface Scene {
  readonly fleet: Fleet
  /** Adds a line about the fault to the transcript. */
  readonly tell: (what: string) => void
  /** Resolves when the fault's time is over, or when everything is to be healed. */
  readonly last: (step: Step) => Promise<void>
}
