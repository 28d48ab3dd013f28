import { LIMITS } from '../src/domain/limits.ts'
import type { SimReplica } from './cluster.ts'
import { diskOf, failDisk, fillAllDisks } from './disk-faults.ts'
import { deafen, delayConfirmations, waysFailInTurn } from './front-end-faults.ts'
import { killNeighbour, neighbourMovesIn } from './neighbour-faults.ts'
import { forgetConnections, othersAreLate, slowProcess } from './lateness-faults.ts'
import { copyThatParted } from './parted-copy.ts'
import type { SimProcess } from './process.ts'
import { ABSENCE_MAX_MS, absenceOf, crashFor, hurtLedger, processOf, replicaOf, SHORT_ABSENCE_MS, type Fault, type Stage } from './stage.ts'
import { FAIR_WEATHER } from './ways.ts'

const ALONE_MIN_MS = 300
const RETURN_MAX_MS = 4_000
const AHEAD_POLL_MS = 0.4
const AHEAD_TRIES = 100
const CALM_MS = 2_500
const LATE_MAX_MS = 60
const DAY_MS = 86_400_000
/** How long a process is away. An election takes less, and so does reading all that an empty log lacks. */
const AWAY_MS = 2_000
const WRONG_BY_MS = 3 * DAY_MS

function vanishFor({ world }: Stage, process: SimProcess): string {
  const absence = absenceOf(world)
  process.vanish()
  world.scheduler.after(absence, () => process.start())
  return `the machine of ${process.name} vanishes for ${Math.round(absence)} ms`
}

function pauseFor({ world }: Stage, process: SimProcess): string {
  const life = process.life
  const duration = world.random.next() * ABSENCE_MAX_MS
  if (!life || life.paused) return 'nothing'
  life.pause()
  world.scheduler.after(duration, () => life.resume())
  return `pause ${process.name} for ${Math.round(duration)} ms`
}

function partition(stage: Stage): string {
  const { world, cluster } = stage
  const process = processOf(stage)
  const others = cluster.processes.filter((other) => other !== process && world.random.chance(0.7))
  const ways = world.random.int(3)
  for (const other of others) {
    if (ways !== 1) world.network.cut(process.name, other.name)
    if (ways !== 2) world.network.cut(other.name, process.name)
  }
  world.scheduler.after(world.random.next() * ABSENCE_MAX_MS, () => world.network.heal())
  return `cut ${process.name} ${['both ways', 'inbound', 'outbound'][ways]} from ${others.map((o) => o.name).join(' ')}`
}

function slowNetwork({ world }: Stage): string {
  const weather = world.random.pick([
    { ...FAIR_WEATHER, delayMaxMs: 30 },
    { ...FAIR_WEATHER, spikeProbability: 0.05, spikeMs: 600 },
    { ...FAIR_WEATHER, lossProbability: 0.2, duplicateProbability: 0.2 },
    FAIR_WEATHER,
  ])
  world.network.weather = { ...weather }
  return `network ${JSON.stringify(weather)}`
}

/** Loses the ledger at the moment when a replica that has missed a while comes back, while the others are away for longer. */
function loseLedgerBehind(stage: Stage): string {
  const { world, cluster } = stage
  const late = world.random.pick(cluster.remaining)
  late.process.crash('killed')
  const back = world.random.between(300, 900)
  world.scheduler.after(back, () => late.process.start())
  world.scheduler.after(back + world.random.next() * LATE_MAX_MS, () => {
    if (cluster.healed || !cluster.mayLoseDisk()) return
    for (const { process } of cluster.replicas) if (process !== late.process) world.trace(`FAULT ${crashFor(stage, process)}`)
    world.trace(`FAULT ${crashFor(stage, cluster.catalogue)}: it loses its disk`)
    cluster.store.lose()
    cluster.ledgerHurt()
  })
  return `kill ${late.process.name} for ${Math.round(back)} ms`
}

/** Puts back a backup. The first time, it only takes the backup. */
function restoreBackup(stage: Stage): string {
  const { cluster } = stage
  const backup = cluster.backup
  cluster.backup = cluster.store.snapshot()
  if (!backup) return 'a backup of the ledger is taken'
  if (!cluster.mayLoseDisk()) return 'nothing'
  const killed = crashFor(stage, cluster.catalogue)
  cluster.restoreBackup(backup)
  return `${killed}: it gets an old backup, all replicas run and can be reached`
}

/** Empties the disk of a replica. In half of the cases nobody else can lead for a while, so the empty replica has to. */
function loseReplicaDisk(stage: Stage): string {
  const { world, cluster } = stage
  const replica = world.random.pick(cluster.replicas)
  if (!cluster.mayLoseDisk()) return 'nothing'
  const killed = crashFor(stage, replica.process)
  cluster.replaceLog(replica, 'its disk is lost')
  if (world.random.chance(0.5)) return killed
  const back = world.random.between(ALONE_MIN_MS, ABSENCE_MAX_MS)
  for (const { process } of cluster.replicas) {
    if (process === replica.process) continue
    process.crash('killed')
    world.scheduler.after(back, () => process.start())
  }
  return `${killed}, the other replicas for ${Math.round(back)} ms`
}

/** Leaves only an empty replica for a good while. It has to lead, although it lacks more than its stream sends it. */
function leaveEmptyReplicaAlone(stage: Stage): string {
  const { world, cluster } = stage
  const replica = world.random.pick(cluster.remaining)
  const lacksMuch = replica.log.head().length > LIMITS.leaderGapMax
  if (!lacksMuch || cluster.lost.size > 0 || !cluster.inSync() || !cluster.mayLoseDisk()) return 'nothing'
  for (const { id, process } of cluster.remaining) {
    if (id === replica.id) continue
    process.retire()
    // Meanwhile the operator may have given the replica up.
    world.scheduler.after(AWAY_MS, () => !cluster.lost.has(id) && process.readmit())
  }
  const killed = crashFor(stage, replica.process)
  cluster.replaceLog(replica, 'its disk is lost')
  return `${killed}, the other replicas for ${AWAY_MS} ms`
}

/** Lets a replica that was given up come back. It may not come back while the ledger that was given up with it is gone. */
function comeBack(stage: Stage, replica: SimReplica, withTail: boolean): void {
  const { world, cluster } = stage
  if (cluster.healed) return
  if (!cluster.ledgerTrusted) return void world.scheduler.after(SHORT_ABSENCE_MS, () => comeBack(stage, replica, withTail))
  cluster.lost.delete(replica.id)
  if (withTail) cluster.overruled.add(replica.id)
  world.trace(`FAULT ${replica.process.name} comes back after all`)
  replica.process.readmit()
}

/**
 * Makes the operator give a replica up for good, in some runs together with the ledger's disk. The catalogue has to do without
 * the replica. Sometimes the replica comes back after all, and may hold entries that nobody else does.
 */
function giveUp(stage: Stage, replica: SimReplica, alsoLedger: boolean): string {
  const { world, cluster } = stage
  const others = cluster.remaining.filter((other) => other !== replica)
  if (cluster.lost.size > 0 || !cluster.ledgerTrusted || !stage.holdsAllShown(others)) return 'nothing'
  // Otherwise the lost orders would be all that tells this history from a new one.
  if (alsoLedger && others.every(({ log }) => log.head().length === 0)) return 'nothing'
  if (!cluster.mayLoseDisk()) return 'nothing'
  cluster.lost.add(replica.id)
  replica.process.retire()
  if (alsoLedger) {
    cluster.store.lose()
    cluster.ledgerHurt()
    // When nobody orders any more, no other entry gets the number at which the replica's tail begins.
    if (world.random.chance(0.5)) {
      stage.hush()
      for (const { process } of cluster.frontEnds) world.trace(`FAULT ${crashFor(stage, process)}, and nobody asks any more`)
    }
  }
  const killed = crashFor(stage, cluster.catalogue)
  if (world.random.chance(0.8)) {
    world.scheduler.after(world.random.next() * RETURN_MAX_MS, () => comeBack(stage, replica, alsoLedger))
  }
  const lengths = others.map(({ log }) => log.head().length).join(' and ')
  const what = `${replica.process.name} (${replica.log.head().length} entries, others ${lengths}) is given up for good`
  return `${what}${alsoLedger ? ', the ledger is lost' : ''}; ${killed}`
}

/** Waits a moment for a replica that holds entries that no other one does, and gives it up together with the ledger. */
function giveUpAhead(stage: Stage, tries = AHEAD_TRIES): string {
  const { world, cluster } = stage
  const [first, second] = [...cluster.remaining].sort((a, b) => b.log.head().length - a.log.head().length)
  if (first && second && first.log.head().length > second.log.head().length) {
    // Messages on their way to the others must not arrive.
    const killed = cluster.remaining.filter((other) => other !== first).map(({ process }) => crashFor(stage, process))
    return `${killed.join(', ')}; ${giveUp(stage, first, true)}`
  }
  world.scheduler.after(AHEAD_POLL_MS, () => {
    if (tries > 0 && !cluster.healed) world.trace(`FAULT ${giveUpAhead(stage, tries - 1)}`)
  })
  return 'nothing yet'
}

function oneReplicaAway(stage: Stage): string {
  const { world, cluster } = stage
  const away = cluster.replicas.some(({ process }) => !process.life || process.life.paused)
  if (away || !cluster.inSync() || !cluster.ledgerTrusted) return 'nothing'
  const { process } = replicaOf(stage)
  return world.random.chance(0.5) ? crashFor(stage, process) : pauseFor(stage, process)
}

/** Restarts the catalogue after a while in which all was well. */
function restartCatalogue({ cluster, world }: Stage): string {
  const runs = world.scheduler.nowMs - (cluster.catalogue.life?.startedAt ?? Infinity)
  if (runs < CALM_MS || !cluster.inSync() || !cluster.ledgerTrusted) return 'nothing'
  cluster.catalogue.crash('killed')
  world.scheduler.after(SHORT_ABSENCE_MS, () => cluster.catalogue.start())
  return 'restart the catalogue'
}

/** Starts the catalogue on a machine with a wrong date, until somebody sets the date right. */
function startWithWrongDate(stage: Stage): string {
  const { world, cluster } = stage
  const by = world.random.pick([-WRONG_BY_MS, WRONG_BY_MS])
  const killed = crashFor(stage, cluster.catalogue)
  cluster.catalogue.jumpWall(by)
  world.scheduler.after(world.random.next() * ABSENCE_MAX_MS, () => cluster.catalogue.jumpWall(-by))
  return `${killed}: its wall clock is wrong by ${by} ms for a while`
}

/** The faults by name. Each function says what it did. Each fault ends by itself, or when everything is healed. */
export const FAULTS = {
  'kill-replica': (stage) => crashFor(stage, replicaOf(stage).process),
  'kill-catalogue': (stage) => crashFor(stage, stage.cluster.catalogue),
  'kill-front-end': (stage) => crashFor(stage, stage.world.random.pick(stage.cluster.frontEnds).process),
  'kill-heads': (stage) => {
    const heads = [replicaOf(stage).process, stage.cluster.catalogue]
    return heads.map((process) => crashFor(stage, process)).join(', ')
  },
  'restart-catalogue': restartCatalogue,
  'kill-two': (stage) => [1, 2].map(() => crashFor(stage, processOf(stage))).join(', '),
  'kill-all': (stage) => {
    for (const process of stage.cluster.processes) crashFor(stage, process)
    return 'kill all'
  },
  'vanish-catalogue': (stage) => vanishFor(stage, stage.cluster.catalogue),
  vanish: (stage) => vanishFor(stage, stage.world.random.chance(0.5) ? replicaOf(stage).process : processOf(stage)),
  pause: (stage) => pauseFor(stage, stage.world.random.chance(0.5) ? replicaOf(stage).process : processOf(stage)),
  'pause-front-end': (stage) => pauseFor(stage, stage.world.random.pick(stage.cluster.frontEnds).process),
  'one-replica-away': oneReplicaAway,
  'forget-connections': forgetConnections,
  'slow-process': slowProcess,
  'others-late': othersAreLate,
  partition,
  'deaf-front-end': deafen,
  'delay-confirmations': delayConfirmations,
  'ways-fail-in-turn': waysFailInTurn,
  reset: ({ world }) => {
    world.network.streams.resetOne()
    return 'reset a connection'
  },
  stall: ({ world }) => {
    const duration = world.random.next() * ABSENCE_MAX_MS
    const stream = world.network.streams.stallOne(duration)
    return stream ? `${stream} stands still for ${Math.round(duration)} ms` : 'nothing'
  },
  'slow-network': slowNetwork,
  'slow-disk': (stage) => {
    const disk = diskOf(stage)
    const syncMaxMs = stage.world.random.pick([1, 5, 50, 400])
    disk.weather = { ...disk.weather, syncMaxMs }
    return `a disk syncs in up to ${syncMaxMs} ms`
  },
  'all-disks-full': fillAllDisks,
  'full-disk': (stage) => failDisk(stage, 'full'),
  'broken-disk': (stage) => failDisk(stage, 'broken'),
  'flip-bit': ({ world, cluster }) => {
    const replica = world.random.pick(cluster.replicas)
    if (!cluster.mayLoseDisk()) return 'nothing'
    replica.disk.flipped = true
    return `a bit flips in the log of ${replica.process.name}`
  },
  'flip-ledger-bit': ({ cluster }) => {
    if (!cluster.mayLoseDisk()) return 'nothing'
    cluster.catalogueDisk.flipped = true
    cluster.nameReplicas()
    return 'a bit flips in the ledger'
  },
  'lose-ledger': (stage) => hurtLedger(stage, 'loses its disk', () => stage.cluster.store.lose()),
  'lose-ledger-behind': loseLedgerBehind,
  'damage-ledger': (stage) =>
    hurtLedger(stage, 'finds its ledger damaged', () => {
      stage.cluster.store.damage('bits were flipped')
      stage.cluster.nameReplicas()
    }),
  'restore-backup': restoreBackup,
  'lose-replica-disk': loseReplicaDisk,
  'leave-empty-replica-alone': leaveEmptyReplicaAlone,
  'give-up-replica': (stage) => giveUp(stage, replicaOf(stage), false),
  'give-up-with-ledger': (stage) => (stage.world.random.chance(0.3) ? giveUp(stage, replicaOf(stage), true) : giveUpAhead(stage)),
  'copy-that-parted': copyThatParted,
  'neighbour-moves-in': neighbourMovesIn,
  'kill-neighbour': killNeighbour,
  'wall-clock': (stage) => {
    const process = processOf(stage)
    const by = stage.world.random.pick([-WRONG_BY_MS, -3_600_000, -400, 300, 5_000, WRONG_BY_MS])
    process.jumpWall(by)
    return `wall clock of ${process.name} jumps by ${by} ms`
  },
  'start-with-wrong-date': startWithWrongDate,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS
