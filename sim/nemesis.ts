import type { FaultMix } from './fault-mixes.ts'
import { FAULTS, type FaultName } from './faults.ts'
import { FAIR_WEATHER } from './ways.ts'
import type { Stage } from './stage.ts'

const GAP_MAX_MS = 900
/** In a lull the processes come to rest before the next fault. */
const LULL_GAP_MAX_MS = 6_000

/** Brings one fault after the other upon the cluster, until it is stopped. */
export class Nemesis {
  readonly #stage: Stage
  readonly #mix: FaultMix
  #stopped = false

  constructor(stage: Stage, mix: FaultMix) {
    this.#stage = stage
    this.#mix = mix
    this.#next()
  }

  stop(): void {
    this.#stopped = true
  }

  #next(): void {
    const { world, cluster } = this.#stage
    const gapMaxMs = this.#stage.lullMs() > 0 ? LULL_GAP_MAX_MS : GAP_MAX_MS
    world.scheduler.after(world.random.next() * gapMaxMs, () => {
      if (this.#stopped) return
      world.trace(`FAULT ${cluster.watchesOverBackup ? 'nothing' : FAULTS[this.#pick()](this.#stage)}`)
      this.#next()
    })
  }

  #pick(): FaultName {
    const entries = Object.entries(this.#mix.weights) as [FaultName, number][]
    let left = this.#stage.world.random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    return entries[0]![0]
  }
}

/** Takes every fault back. From then on nothing is an excuse. */
export function healAll({ world, cluster }: Stage): void {
  world.trace('HEAL everything')
  world.network.weather = { ...FAIR_WEATHER }
  world.network.heal()
  cluster.heal()
}
