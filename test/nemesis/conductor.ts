import { setTimeout as sleep } from 'node:timers/promises'
import { faultOf, type FaultKind, type PlannedStep } from './faults.ts'
import type { Fleet } from './fleet.ts'
import type { Scene, Step } from './scene.ts'
import { untilEveryCopyIsWhole } from './state.ts'
import type { Transcript } from './transcript.ts'

const WHOLE_WITHIN_MS = 15_000
/** Least time between the last fault and the healing. */
const LAST_WORD_MS = 700

/** When a fault was there, in ms of `performance.now()`. */
export interface Strike {
  readonly kind: FaultKind
  readonly startMs: number
  readonly endMs: number
}

/** Brings the faults of a plan upon a system, and takes them all back. Faults may overlap. */
export class Conductor {
  readonly strikes: Strike[] = []
  readonly #fleet: Fleet
  readonly #transcript: Transcript
  readonly #healing = new AbortController()

  constructor(fleet: Fleet, transcript: Transcript) {
    this.#fleet = fleet
    this.#transcript = transcript
  }

  /** Resolves when every fault is over and taken back. */
  async play(steps: readonly PlannedStep[]): Promise<void> {
    const playing: Promise<void>[] = []
    for (const step of steps) {
      await sleep(step.gapMs)
      if (!faultOf(step.kind).takesTurn || (await this.#isDisksTurn(step, playing))) {
        const strike = this.#strike(step)
        strike.catch(() => {}) // The last line rejects when a strike has failed.
        playing.push(strike)
      }
    }
    await Promise.race([sleep(LAST_WORD_MS), Promise.all(playing)])
    this.#transcript.tell('heal everything')
    this.#healing.abort()
    await Promise.all(playing)
  }

  /** Waits until a disk may be lost. An order is on at least two disks, so the next may be lost only when all is copied again. */
  async #isDisksTurn({ kind }: PlannedStep, playing: readonly Promise<void>[]): Promise<boolean> {
    await Promise.all(playing)
    const whole = await untilEveryCopyIsWhole(this.#fleet, WHOLE_WITHIN_MS)
    if (!whole) this.#transcript.tell(`${kind}: left out, as the copies were not whole within ${WHOLE_WITHIN_MS} ms`)
    return whole
  }

  async #strike(step: PlannedStep): Promise<void> {
    const startMs = performance.now()
    const scene: Scene = {
      fleet: this.#fleet,
      tell: (what) => this.#transcript.tell(`${step.kind}: ${what}`),
      last: (lasting) => this.#lasts(lasting),
    }
    await faultOf(step.kind).strike(scene, step)
    this.strikes.push({ kind: step.kind, startMs, endMs: performance.now() })
  }

  async #lasts({ lastsMs }: Step): Promise<void> {
    await sleep(lastsMs, undefined, { signal: this.#healing.signal }).catch(() => {}) // Healing cuts it short.
  }
}
