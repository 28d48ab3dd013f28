import type { Cluster, SimReplica } from './cluster.ts'
import type { Neighbour, Vacancy } from './neighbour.ts'
import type { SimProcess } from './process.ts'
import type { ReadableChecks } from './readable-checks.ts'
import type { World } from './world.ts'

export const ABSENCE_MAX_MS = 2_500
export const SHORT_ABSENCE_MS = 50

/** The parts of a run that a fault may use. */
export interface Stage {
  readonly world: World
  readonly cluster: Cluster
  readonly readable: ReadableChecks
  /** Says whether every order that anybody was told of is in one of these logs. */
  holdsAllShown(replicas: readonly SimReplica[]): boolean
  /** Returns for how long at least nobody asks for anything, in ms; 0 when clients may ask. */
  lullMs(): number
  /** Makes all clients stop asking. */
  hush(): void
  /** Returns the system beside ours, once it is there. */
  neighbour(): Neighbour | undefined
  /** Lets another system move in. */
  moveIn(vacancy: Vacancy): void
}

/** Does something to the cluster, and returns words that say what. */
export type Fault = (stage: Stage) => string

export const processOf = ({ world, cluster }: Stage): SimProcess => world.random.pick(cluster.processes)

/** Picks a replica. The leader is the likeliest, since most can go wrong there. */
export function replicaOf({ world, cluster }: Stage): SimReplica {
  const leader = cluster.frontEnds[0]?.core?.leaderAddress()
  const led = cluster.replicas.find((replica) => replica.process.address === leader)
  return led && world.random.chance(0.5) ? led : world.random.pick(cluster.replicas)
}

export const absenceOf = (world: World): number => (world.random.chance(0.5) ? SHORT_ABSENCE_MS : world.random.next() * ABSENCE_MAX_MS)

/** Stops the catalogue, and does something to the content of its disk. */
export function hurtLedger(stage: Stage, what: string, hurt: () => void): string {
  const { world, cluster } = stage
  if (!cluster.mayLoseDisk()) return 'nothing'
  if (world.random.chance(0.5)) world.trace(`FAULT ${crashFor(stage, replicaOf(stage).process)}`)
  const killed = crashFor(stage, cluster.catalogue)
  hurt()
  cluster.ledgerHurt()
  return `${killed}: it ${what}`
}

export function crashFor({ world }: Stage, process: SimProcess): string {
  const absence = absenceOf(world)
  process.crash('killed')
  world.scheduler.after(absence, () => process.start())
  return `kill ${process.name} for ${Math.round(absence)} ms`
}

const AHEAD_POLL_MS = 0.4

/** Acts at a moment when the ledger holds entries that no replica does, if there is one within `beforeMs`. */
export function whenLedgerIsAhead(stage: Stage, beforeMs: number, act: () => void): void {
  const { world, cluster } = stage
  const length = cluster.ledger?.head().length ?? 0
  if (cluster.healed) return
  if (cluster.replicas.every(({ log }) => log.head().length < length)) act()
  else if (world.scheduler.nowMs < beforeMs) {
    world.scheduler.after(AHEAD_POLL_MS, () => whenLedgerIsAhead(stage, beforeMs, act))
  }
}
