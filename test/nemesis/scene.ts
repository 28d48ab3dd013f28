import type { Fleet } from './fleet.ts'
import type { Target } from './targets.ts'

/** How a fault strikes: whom it is for, how long it lasts, and where its own dice begin. */
export interface Step {
  /** After the step before. */
  readonly gapMs: number
  readonly lastsMs: number
  readonly targets: readonly Target[]
  readonly roll: number
}

/** The parts of a system that a fault acts on. */
export interface Scene {
  readonly fleet: Fleet
  /** Tells what was done. */
  readonly tell: (what: string) => void
  /** Resolves when a fault has lasted its time, or when everything is to be healed. */
  readonly last: (step: Step) => Promise<void>
}
