import type { SimProcess } from './process.ts'
import { ABSENCE_MAX_MS, processOf, replicaOf, type Stage } from './stage.ts'

/** All is as it should be by then, and only who stands still after that can make a difference. */
export const SETTLED_AFTER_MS = 3_000
const STANDSTILL_MIN_MS = 100
const STANDSTILL_MAX_MS = 2_000
const LATE_MAX_MS = 400
/** A leader whose answers come so late is alive by any measure. */
const LITTLE_LATE_MAX_MS = 150

function standStill({ world }: Stage, process: SimProcess, forMs: number): void {
  const { life } = process
  if (!life || life.paused) return
  life.pause()
  world.scheduler.after(forMs, () => life.resume())
}

function beLate({ world }: Stage, process: SimProcess, lateMaxMs: number): string {
  const { life } = process
  life?.slowDown(lateMaxMs)
  world.scheduler.after(world.random.next() * ABSENCE_MAX_MS, () => life?.slowDown(0))
  return `every step of ${process.name} is up to ${Math.round(lateMaxMs)} ms late`
}

/** Boxes on the way forget all connections of a process, often while it stands still. */
export function forgetConnections(stage: Stage): string {
  const { world, cluster } = stage
  const process = world.random.chance(0.7) ? replicaOf(stage).process : processOf(stage)
  const forMs = world.random.chance(0.7) ? world.random.next() * ABSENCE_MAX_MS : 0
  if (forMs > 0) standStill(stage, process, forMs)
  // Not those of strangers, who would wait for their own deadline.
  world.network.forgetAllBetween(process, cluster.processes)
  return `all connections of ${process.name} are forgotten${forMs > 0 ? `, it stands still for ${Math.round(forMs)} ms` : ''}`
}

/** A process gets few turns. */
export const slowProcess = (stage: Stage): string => beLate(stage, processOf(stage), stage.world.random.next() * LATE_MAX_MS)

/** Everybody but the leader may stand still, and everybody be a little late: that is no reason for an election. */
export function othersAreLate(stage: Stage): string {
  const { world, cluster } = stage
  const leader = cluster.frontEnds[0]?.core?.leaderAddress()
  if (world.scheduler.nowMs < SETTLED_AFTER_MS || leader === undefined) return 'nothing'
  if (world.random.chance(0.3)) return beLate(stage, processOf(stage), world.random.next() * LITTLE_LATE_MAX_MS)
  const process = world.random.pick(cluster.processes.filter(({ address }) => address !== leader))
  const forMs = world.random.between(STANDSTILL_MIN_MS, STANDSTILL_MAX_MS)
  standStill(stage, process, forMs)
  return `${process.name} stands still for ${Math.round(forMs)} ms`
}
