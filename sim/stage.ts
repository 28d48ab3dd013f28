import type { Cluster, SimReplica } from './cluster.ts'
import type { Neighbour, Vacancy } from './neighbour.ts'
import type { SimProcess, World } from './process.ts'
import type { ReadableChecks } from './readable-checks.ts'

export const ABSENCE_MAX_MS = 2_500
export const SHORT_ABSENCE_MS = 50

/** What a fault may reach for. */
export interface Stage {
  readonly world: World
  readonly cluster: Cluster
  readonly readable: ReadableChecks
  /** Whether every order that anybody was told of stands in one of these logs. */
  holdsAllShown(replicas: readonly SimReplica[]): boolean
  /** From now on nobody asks for anything. */
  hush(): void
  /** The system beside ours, once it is there. */
  neighbour(): Neighbour | undefined
  /** Another system moves in. */
  moveIn(vacancy: Vacancy): void
}

/** Does something, and says what. */
export type Fault = (stage: Stage) => string

export const processOf = ({ world, cluster }: Stage): SimProcess => world.random.pick(cluster.processes)

/** Likelier the leader than anybody else: it is where things go wrong. */
export function replicaOf({ world, cluster }: Stage): SimReplica {
  const leader = cluster.frontEnds[0]?.core?.leaderAddress()
  const led = cluster.replicas.find((replica) => replica.process.address === leader)
  return led && world.random.chance(0.5) ? led : world.random.pick(cluster.replicas)
}

export const absenceOf = (world: World): number => (world.random.chance(0.5) ? SHORT_ABSENCE_MS : world.random.next() * ABSENCE_MAX_MS)

export function crashFor({ world }: Stage, process: SimProcess): string {
  const absence = absenceOf(world)
  process.crash('killed')
  world.scheduler.after(absence, () => process.start())
  return `kill ${process.name} for ${Math.round(absence)} ms`
}
