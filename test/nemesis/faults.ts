import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../checkers/seeded-random.ts'
import { setClock } from './clocks.ts'
import { crowd } from './crowds.ts'
import { damageFile, fillDisk, loseFile } from './disks.ts'
import { failDisk, WRITE_FAILURES } from './failing-disk.ts'
import { PROCESSES } from './fleet.ts'
import { forgetIdle, starve } from './lateness-faults.ts'
import { judge, WAYS } from './intruders.ts'
import { Neighbour } from './neighbour.ts'
import type { Scene, Step } from './scene.ts'
import { anyProcess, anyReplica, namesOf, type Target } from './targets.ts'
import { way } from './wires.ts'

/** Wall clocks jump by an hour, a day, a little more than a lease, a little less. */
const JUMPS_MS = [-86_400_000, -3_600_000, -700, -200, 200, 700, 5_000, 3_600_000, 86_400_000]
/** How long a process takes at most to read its file. */
const START_MAX_MS = 900
/** Wall clocks drift as bad clocks do, and faster than any. */
const RATES = [0.9, 0.95, 0.99, 1.01, 1.05, 1.2, 2]

/** A step of a plan: which fault comes, and how it strikes. */
export interface PlannedStep extends Step {
  readonly kind: FaultKind
}

interface Fault {
  readonly what: string
  readonly weight: number
  readonly lastsMaxMs: number
  readonly aim: (random: SeededRandom) => readonly Target[]
  /** Brings the fault, lets it last, and takes it back. */
  readonly strike: (scene: Scene, step: Step) => Promise<void>
  /** The ledger may come back without its rejections. So clients do not repeat orders that were answered. */
  readonly losesLedger?: true
  /** The contents of a disk are lost. Such a fault has to wait until every copy is whole. */
  readonly takesTurn?: true
}

async function absence(scene: Scene, step: Step, signal: 'SIGKILL' | 'SIGTERM', whileDown = (_name: string): void => {}): Promise<void> {
  const { fleet, tell } = scene
  const names = await namesOf(step.targets, fleet)
  tell(`${signal} ${names.join(', ')}${step.lastsMs > 0 ? ` for ${step.lastsMs} ms` : ''}`)
  const back = await Promise.all(names.map((name) => fleet.takeDown(name, signal)))
  names.forEach(whileDown)
  await scene.last(step)
  tell(`start ${names.join(', ')}`)
  for (const start of back) start()
}

const hurtDisk = (scene: Scene, step: Step, hurt: (folder: string, random: SeededRandom) => string): Promise<void> =>
  absence(scene, step, 'SIGKILL', (name) => {
    scene.fleet.noteHurt(name)
    scene.tell(`disk of ${name}: ${hurt(scene.fleet.folder(name), new SeededRandom(step.roll))}`)
    if (hurt === damageFile) scene.fleet.noteDamage(name)
    else scene.fleet.noteLoss(name)
  })

async function isolate({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const random = new SeededRandom(step.roll)
  const [name = ''] = await namesOf(step.targets, fleet)
  const others = PROCESSES.filter((other) => other !== name && random.chance(0.7))
  const ways = random.pick(['both ways', 'inbound', 'outbound'])
  const cut = others.flatMap((other) => [
    ...(ways === 'outbound' ? [] : [way(other, name)]),
    ...(ways === 'inbound' ? [] : [way(name, other)]),
  ])
  tell(`cut ${name} off, ${ways}, from ${others.join(', ')} for ${step.lastsMs} ms`)
  const heal = fleet.wires.add(cut, { cut: true })
  await last(step)
  tell(`${name} is connected again`)
  heal()
}

async function slowDown({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const random = new SeededRandom(step.roll)
  const slow = PROCESSES.flatMap((one) => PROCESSES.filter((other) => other !== one).map((other) => way(one, other)))
  const ways = slow.filter(() => random.chance(0.5))
  const [delayMs, jitterMs] = [random.pick([1, 10, 60]), random.pick([0, 20, 300])]
  tell(`${ways.length} ways are ${delayMs} to ${delayMs + jitterMs} ms slower for ${step.lastsMs} ms`)
  const heal = fleet.wires.add(ways, { delayMs, jitterMs })
  await last(step)
  heal()
}

async function pause({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const names = await namesOf(step.targets, fleet)
  tell(`SIGSTOP ${names.join(', ')} for ${step.lastsMs} ms`)
  const goOn = names.map((name) => fleet.pause(name))
  await last(step)
  tell(`SIGCONT ${names.join(', ')}`)
  for (const resume of goOn) resume()
}

async function resetConnections({ fleet, tell }: Scene, { targets }: Step): Promise<void> {
  const [name = ''] = await namesOf(targets, fleet)
  const broken = PROCESSES.filter((other) => other !== name).map((other) => fleet.reset(name, other))
  tell(`reset ${broken.reduce((sum, count) => sum + count, 0)} connections of ${name}`)
}

async function fill({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const [name = ''] = step.targets
  fleet.noteHurt(name)
  tell(`the disk of ${name} is full for ${step.lastsMs} ms`)
  const makeRoom = fillDisk(fleet.folder(name))
  await last(step)
  makeRoom()
  tell(`the disk of ${name} has room again`)
}

async function failOnDisk({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const [name = ''] = step.targets
  const failure = new SeededRandom(step.roll).pick(WRITE_FAILURES)
  fleet.noteHurt(name)
  tell(`${failure} of ${name} fail for ${step.lastsMs} ms`)
  const heal = failDisk(fleet.controlFolder(name), failure)
  await last(step)
  heal()
  tell(`${failure} of ${name} succeed again`)
}

/** Makes reads fail for a process that starts. A running process has most of its file in memory, and would hardly notice. */
async function failReads({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const [name = ''] = step.targets
  const random = new SeededRandom(step.roll)
  const lastsMs = step.lastsMs + START_MAX_MS
  const afterMs = random.chance(0.5) ? 0 : random.integer(0, START_MAX_MS)
  tell(`SIGKILL ${name}; its disk cannot be read from ${afterMs} ms after its start on, for ${lastsMs} ms`)
  const start = await fleet.takeDown(name, 'SIGKILL')
  fleet.noteHurt(name)
  if (afterMs > 0) start()
  await sleep(afterMs)
  const heal = failDisk(fleet.controlFolder(name), 'reads')
  start()
  await last({ ...step, lastsMs })
  heal()
  tell(`the disk of ${name} can be read again`)
}

async function setWallClock({ fleet, tell }: Scene, { targets, roll }: Step): Promise<void> {
  const names = await namesOf(targets, fleet)
  const random = new SeededRandom(roll)
  const jumps = { offsetMs: random.pick(JUMPS_MS), rate: 1 }
  const drifts = { offsetMs: random.chance(0.5) ? jumps.offsetMs : 0, rate: random.pick(RATES) }
  const clock = random.chance(0.5) ? jumps : drifts
  tell(`the wall clock of ${names.join(', ')} is now off by ${clock.offsetMs} ms and runs at a rate of ${clock.rate}`)
  for (const name of names) setClock(fleet.controlFolder(name), clock)
}

async function sendSecond({ fleet, tell }: Scene, { targets, roll }: Step): Promise<void> {
  const [name = ''] = targets
  const way = new SeededRandom(roll).pick(WAYS)
  const rivals = fleet.startSecond(name, way)
  if (!rivals) return tell(`${name} has no file open that a second one could want`)
  tell(`a second ${name} on the same file, ${way}`)
  const verdict = await judge(rivals)
  tell(`the second ${name}: ${verdict}`)
  if (verdict === 'let in') fleet.wrongEnds.push(`a second ${name} was let in on a file in use (${way}): ${rivals.second.output}`)
}

/** Lets another system take over the port of a replica that is down. Our catalogue calls there when it starts again. */
async function letNeighbourIn({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const [name = ''] = await namesOf(step.targets, fleet)
  if (fleet.neighbours.has(name)) return tell(`another system listens on the port of ${name} already`)
  fleet.neighbours.add(name)
  tell(`SIGKILL ${name}, and another system listens on its port for ${step.lastsMs} ms`)
  const back = await fleet.takeDown(name, 'SIGKILL')
  const neighbour = await Neighbour.moveIn(fleet.replicaId(name), fleet.port(name))
  try {
    await neighbour.trade()
    const restartCatalogue = await fleet.takeDown('catalogue', 'SIGKILL')
    restartCatalogue()
    await last(step)
    await neighbour.trade()
    await neighbour.check()
  } catch (error) {
    fleet.wrongEnds.push(`the neighbour of ${name}: ${(error as Error).message}`)
  }
  await neighbour.moveOut()
  fleet.neighbours.delete(name)
  tell(`the other system is gone, start ${name}`)
  back()
}

const anyDisk = (random: SeededRandom): readonly Target[] => [random.pick(PROCESSES.slice(0, 4))]
const two = (random: SeededRandom): readonly Target[] => [anyReplica(random), anyProcess(random)]
const one = (random: SeededRandom): readonly Target[] => [anyProcess(random)]
const replica = (random: SeededRandom): readonly Target[] => [anyReplica(random)]
const ledger = (): readonly Target[] => ['catalogue']
const kill = (scene: Scene, step: Step): Promise<void> => absence(scene, step, 'SIGKILL')

/** The faults by name. Each ends by itself, or earlier by healing. */
export const FAULTS = {
  kill: { what: 'SIGKILL, started again later', weight: 5, lastsMaxMs: 1_500, aim: one, strike: kill },
  'kill-two': { what: 'two at once', weight: 1.5, lastsMaxMs: 1_500, aim: two, strike: kill },
  'kill-all': { what: 'everything at once', weight: 0.3, lastsMaxMs: 300, aim: () => PROCESSES, strike: kill },
  restart: {
    what: 'SIGTERM, started again',
    weight: 2,
    lastsMaxMs: 200,
    aim: one,
    strike: (scene, step) => absence(scene, step, 'SIGTERM'),
  },
  pause: { what: 'SIGSTOP, later SIGCONT', weight: 4, lastsMaxMs: 2_000, aim: one, strike: pause },
  'pause-two': { what: 'two at once', weight: 1, lastsMaxMs: 1_500, aim: two, strike: pause },
  forget: {
    what: 'a process is stopped, and its connections are forgotten on the way',
    weight: 2,
    lastsMaxMs: 1_500,
    aim: one,
    strike: forgetIdle,
  },
  starve: { what: 'busy loops use the processors', weight: 1, lastsMaxMs: 2_500, aim: () => [], strike: starve },
  partition: {
    what: 'a process is cut off from others, both ways or one',
    weight: 4,
    lastsMaxMs: 2_000,
    aim: one,
    strike: isolate,
  },
  reset: { what: 'connections of a process break', weight: 1.5, lastsMaxMs: 0, aim: one, strike: resetConnections },
  slow: { what: 'slow and uneven network', weight: 1.5, lastsMaxMs: 2_000, aim: () => [], strike: slowDown },
  'lose-replica': {
    what: 'a replica finds its database gone',
    weight: 1,
    lastsMaxMs: 500,
    aim: replica,
    strike: (scene, step) => hurtDisk(scene, step, loseFile),
    takesTurn: true,
  },
  'lose-ledger': {
    what: 'the catalogue finds its ledger gone',
    weight: 1,
    lastsMaxMs: 500,
    aim: ledger,
    strike: (scene, step) => hurtDisk(scene, step, loseFile),
    losesLedger: true,
    takesTurn: true,
  },
  'damage-replica': {
    what: "a replica's file was cut, or bytes of it flipped",
    weight: 1,
    lastsMaxMs: 500,
    aim: replica,
    strike: (scene, step) => hurtDisk(scene, step, damageFile),
    takesTurn: true,
  },
  'damage-ledger': {
    what: 'the same to the ledger',
    weight: 1,
    lastsMaxMs: 500,
    aim: ledger,
    strike: (scene, step) => hurtDisk(scene, step, damageFile),
    losesLedger: true,
    takesTurn: true,
  },
  'full-disk': {
    what: 'a disk has no room left (needs root)',
    weight: 1,
    lastsMaxMs: 2_000,
    aim: anyDisk,
    strike: fill,
  },
  'failing-disk': {
    what: 'writes or syncs fail (needs a C compiler)',
    weight: 1.5,
    lastsMaxMs: 1_500,
    aim: anyDisk,
    strike: failOnDisk,
  },
  // On an I/O error SQLite may call the page malformed. So the file may be put aside.
  'unreadable-disk': {
    what: 'reads fail from a start on (needs a C compiler)',
    weight: 1,
    lastsMaxMs: 1_500,
    aim: anyDisk,
    strike: failReads,
    losesLedger: true,
    takesTurn: true,
  },
  'second-process': {
    what: 'a second process on a file in use, its lock removed, replaced or not to be written, or by a link',
    weight: 1,
    lastsMaxMs: 0,
    aim: anyDisk,
    strike: sendSecond,
  },
  neighbour: {
    what: 'another system takes over the port of a replica that is down',
    weight: 1,
    lastsMaxMs: 1_500,
    aim: replica,
    strike: letNeighbourIn,
  },
  crowd: {
    what: 'a process with 256 descriptors, and 300 clients that hang on it',
    weight: 1,
    lastsMaxMs: 1_500,
    aim: one,
    strike: crowd,
  },
  clock: {
    what: 'a wall clock jumps or drifts (needs libfaketime)',
    weight: 2,
    lastsMaxMs: 0,
    aim: one,
    strike: setWallClock,
  },
} as const satisfies Record<string, Fault>

export type FaultKind = keyof typeof FAULTS

export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[]
/** Kinds that need the library which lets disks fail. */
export const FAILING_DISKS: readonly FaultKind[] = ['failing-disk', 'unreadable-disk']
export const faultOf = (kind: FaultKind): Fault => FAULTS[kind]
