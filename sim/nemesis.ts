import type { Cluster } from './cluster.ts'
import { memoryOrderLog } from '../src/storage/memory/order-log.ts'
import { FAIR_WEATHER } from './network.ts'
import type { SimProcess, World } from './process.ts'

const GAP_MAX_MS = 900
const ABSENCE_MAX_MS = 2_500

/** What a run may do to the cluster. */
export interface FaultMix {
  readonly name: string
  /** Relative weights of the faults. */
  readonly weights: Readonly<Partial<Record<FaultName, number>>>
  /** The ledger's disk may be lost, and with it what was rejected: clients do not repeat what they have an answer to. */
  readonly losesLedger?: true
  /** Clients may notice nothing of these faults but a short pause. */
  readonly unnoticed?: true
}

type FaultName = keyof typeof FAULTS

type Fault = (world: World, cluster: Cluster) => string

const processOf = (world: World, cluster: Cluster): SimProcess => world.random.pick(cluster.processes)

/** Likelier the leader than anybody else: it is where things go wrong. */
function replicaOf(world: World, cluster: Cluster): SimProcess {
  const leader = cluster.frontEnds[0]?.core?.leaderAddress()
  const led = cluster.replicas.find((replica) => replica.process.address === leader)
  return (led && world.random.chance(0.5) ? led : world.random.pick(cluster.replicas)).process
}

function crashFor(world: World, process: SimProcess): string {
  const absence = world.random.chance(0.5) ? 50 : world.random.next() * ABSENCE_MAX_MS
  process.crash('killed')
  world.scheduler.after(absence, () => process.start())
  return `kill ${process.name} for ${Math.round(absence)} ms`
}

function pauseFor(world: World, process: SimProcess): string {
  const life = process.life
  const duration = world.random.next() * ABSENCE_MAX_MS
  if (!life || life.paused) return 'nothing'
  life.pause()
  world.scheduler.after(duration, () => life.resume())
  return `pause ${process.name} for ${Math.round(duration)} ms`
}

/** Stops the catalogue and does something to what its disk holds. */
function hurtLedger(world: World, cluster: Cluster, what: string, hurt: () => void): string {
  if (!cluster.mayLoseDisk()) return 'nothing'
  if (world.random.chance(0.5)) world.trace(`FAULT ${crashFor(world, replicaOf(world, cluster))}`)
  const killed = crashFor(world, cluster.catalogue)
  hurt()
  cluster.ledgerTrusted = false
  return `${killed}: it ${what}`
}

/** The faults by name. Each says what it did; each is taken back by itself or by {@link healAll}. */
const FAULTS = {
  'kill-replica': (world, cluster) => crashFor(world, replicaOf(world, cluster)),
  'kill-catalogue': (world, cluster) => crashFor(world, cluster.catalogue),
  'kill-front-end': (world, cluster) => crashFor(world, world.random.pick(cluster.frontEnds).process),
  'kill-two': (world, cluster) => [1, 2].map(() => crashFor(world, processOf(world, cluster))).join(', '),
  'kill-all': (world, cluster) => {
    for (const process of cluster.processes) crashFor(world, process)
    return 'kill all'
  },
  pause: (world, cluster) =>
    pauseFor(world, world.random.chance(0.5) ? replicaOf(world, cluster) : processOf(world, cluster)),
  'pause-front-end': (world, cluster) => pauseFor(world, world.random.pick(cluster.frontEnds).process),
  'one-replica-away': (world, cluster) => {
    const away = cluster.replicas.some(({ process }) => !process.life || process.life.paused)
    if (away || !cluster.inSync()) return 'nothing'
    const process = replicaOf(world, cluster)
    return world.random.chance(0.5) ? crashFor(world, process) : pauseFor(world, process)
  },
  partition: (world, cluster) => {
    const process = processOf(world, cluster)
    const others = cluster.processes.filter((other) => other !== process && world.random.chance(0.7))
    const ways = world.random.int(3)
    for (const other of others) {
      if (ways !== 1) world.network.cut(process.name, other.name)
      if (ways !== 2) world.network.cut(other.name, process.name)
    }
    world.scheduler.after(world.random.next() * ABSENCE_MAX_MS, () => world.network.heal())
    return `cut ${process.name} ${['both ways', 'inbound', 'outbound'][ways]} from ${others.map((o) => o.name).join(' ')}`
  },
  reset: (world) => {
    world.network.resetOne()
    return 'reset a connection'
  },
  'slow-network': (world) => {
    const weather = world.random.pick([
      { ...FAIR_WEATHER, delayMaxMs: 30 },
      { ...FAIR_WEATHER, spikeProbability: 0.05, spikeMs: 600 },
      { ...FAIR_WEATHER, lossProbability: 0.2, duplicateProbability: 0.2 },
      FAIR_WEATHER,
    ])
    world.network.weather = { ...weather }
    return `network ${JSON.stringify(weather)}`
  },
  'slow-disk': (world, cluster) => {
    const disk = world.random.pick([cluster.catalogueDisk, ...cluster.replicas.map((replica) => replica.disk)])
    const syncMaxMs = world.random.pick([1, 5, 50, 400])
    disk.weather = { ...disk.weather, syncMaxMs }
    return `a disk syncs in up to ${syncMaxMs} ms`
  },
  'full-disk': (world, cluster) => {
    const disk = world.random.pick([cluster.catalogueDisk, ...cluster.replicas.map((replica) => replica.disk)])
    // It may be seen coming, or not: another program may take the last room.
    const failing = world.random.chance(0.5)
    disk.weather = { ...disk.weather, failing, full: true }
    world.scheduler.after(world.random.next() * ABSENCE_MAX_MS, () => {
      disk.weather = { ...disk.weather, failing: false, full: false }
    })
    return failing ? 'writes to a disk fail' : 'a disk is full'
  },
  'lose-ledger': (world, cluster) => hurtLedger(world, cluster, 'loses its disk', () => cluster.store.lose()),
  'damage-ledger': (world, cluster) =>
    hurtLedger(world, cluster, 'finds its ledger damaged', () => cluster.store.damage('bits were flipped')),
  'restore-backup': (world, cluster) => {
    const backup = cluster.backup
    cluster.backup = cluster.store.snapshot()
    if (!backup) return 'a backup of the ledger is taken'
    return hurtLedger(world, cluster, 'gets an old backup', () => cluster.store.restore(backup))
  },
  'lose-replica-disk': (world, cluster) => {
    const replica = world.random.pick(cluster.replicas)
    if (!cluster.mayLoseDisk()) return 'nothing'
    const what = crashFor(world, replica.process)
    replica.log = memoryOrderLog({ diskId: world.random.id(8) })
    return `${what}, its disk is lost`
  },
  'wall-clock': (world, cluster) => {
    const process = processOf(world, cluster)
    const by = world.random.pick([-3_600_000, -400, 300, 5_000, 86_400_000])
    process.jumpWall(by)
    return `wall clock of ${process.name} jumps by ${by} ms`
  },
} as const satisfies Record<string, Fault>

export const FAULT_MIXES: readonly FaultMix[] = [
  { name: 'calm', weights: { reset: 1, 'slow-network': 1, 'wall-clock': 1 } },
  { name: 'crashes', weights: { 'kill-replica': 4, 'kill-catalogue': 2, 'kill-front-end': 1, 'kill-two': 1, 'kill-all': 0.3 } },
  { name: 'one replica away', unnoticed: true, weights: { 'one-replica-away': 1 } },
  { name: 'front ends', weights: { 'kill-front-end': 2, 'pause-front-end': 3, partition: 2, 'slow-network': 1, 'slow-disk': 1 } },
  { name: 'pauses', weights: { pause: 4, 'slow-disk': 1, 'slow-network': 1 } },
  { name: 'network', weights: { partition: 4, reset: 3, 'slow-network': 3 } },
  { name: 'disks', weights: { 'full-disk': 2, 'slow-disk': 3, 'kill-replica': 1 } },
  {
    name: 'ledger lost',
    losesLedger: true,
    weights: { 'lose-ledger': 2, 'damage-ledger': 1, 'restore-backup': 2, 'lose-replica-disk': 1, 'kill-replica': 3, 'slow-disk': 2, pause: 1 },
  },
  {
    name: 'replica lost',
    weights: { 'lose-replica-disk': 3, 'kill-replica': 3, 'kill-catalogue': 1, pause: 2, partition: 1, reset: 1 },
  },
  {
    name: 'everything',
    weights: {
      'kill-replica': 3,
      'kill-catalogue': 1,
      'kill-front-end': 0.5,
      'kill-two': 0.5,
      'kill-all': 0.1,
      pause: 3,
      partition: 3,
      reset: 2,
      'slow-network': 2,
      'slow-disk': 1,
      'full-disk': 0.5,
      'wall-clock': 1,
    },
  },
]

/** Does one fault after another until stopped. */
export class Nemesis {
  readonly #world: World
  readonly #cluster: Cluster
  readonly #mix: FaultMix
  #stopped = false

  constructor(world: World, cluster: Cluster, mix: FaultMix) {
    this.#world = world
    this.#cluster = cluster
    this.#mix = mix
    this.#next()
  }

  stop(): void {
    this.#stopped = true
  }

  #next(): void {
    const { scheduler, random } = this.#world
    scheduler.after(random.next() * GAP_MAX_MS, () => {
      if (this.#stopped) return
      const fault = FAULTS[this.#pick()]
      this.#world.trace(`FAULT ${fault(this.#world, this.#cluster)}`)
      this.#next()
    })
  }

  #pick(): FaultName {
    const entries = Object.entries(this.#mix.weights) as [FaultName, number][]
    let left = this.#world.random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    return entries[0]![0]
  }
}

/** Takes every fault back: from here on nothing is an excuse. */
export function healAll(world: World, cluster: Cluster): void {
  world.trace('HEAL everything')
  world.network.weather = { ...FAIR_WEATHER }
  world.network.heal()
  for (const disk of [cluster.catalogueDisk, ...cluster.replicas.map((replica) => replica.disk)]) {
    disk.weather = { syncMinMs: 0.2, syncMaxMs: 1, failing: false, full: false }
  }
  for (const process of cluster.processes) {
    if (process.life?.paused) process.life.resume()
    process.start()
  }
}
