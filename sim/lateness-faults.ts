import type { SimProcess } from './process.ts'
import { ABSENCE_MAX_MS, processOf, replicaOf, type Stage } from './stage.ts'

/** When all is settled after the start. Only processes that stand still later can make a difference. */
export const SETTLED_AFTER_MS = 3_000
const STANDSTILL_MIN_MS = 100
const STANDSTILL_MAX_MS = 2_000
const LATE_MAX_MS = 400
/** How late a process is made at most. A leader whose answers come so late is alive by any measure. */
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

/** Makes routers on the way forget all connections of a process, often while it stands still. */
export function forgetConnections(stage: Stage): string {
  const { world, cluster } = stage
  const process = world.random.chance(0.7) ? replicaOf(stage).process : processOf(stage)
  const forMs = world.random.chance(0.7) ? world.random.next() * ABSENCE_MAX_MS : 0
  if (forMs > 0) standStill(stage, process, forMs)
  // The connections of strangers are left out, since strangers would wait for their own deadline.
  world.network.forgetAllBetween(process, cluster.processes)
  return `all connections of ${process.name} are forgotten${forMs > 0 ? `, it stands still for ${Math.round(forMs)} ms` : ''}`
}

/** Lets a process get few turns. */
export const slowProcess = (stage: Stage): string => beLate(stage, processOf(stage), stage.world.random.next() * LATE_MAX_MS)

/** Makes processes other than the leader stand still, and any process a little late. That is no reason for an election. */
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
