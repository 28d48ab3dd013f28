import { SeededRandom } from '../checkers/seeded-random.ts'
import { faultOf, type FaultKind, type PlannedStep } from './faults.ts'

const GAP_MIN_MS = 50
const GAP_MAX_MS = 1_100
/** Disks that one round hurts at most. Each has to wait until all copies are whole again. */
const DISKS_HURT_MAX = 2
/** Kinds in one round at most. With few kinds, each of them meets itself more often. */
const KINDS_MAX = 6

/** The faults of one round. The seed decides all of them. Which faults meet which requests depends on the machine. */
export interface Plan {
  readonly seed: number
  readonly steps: readonly PlannedStep[]
  /** True when the ledger's disk is lost or damaged at some time. */
  readonly losesLedger: boolean
}

/** Plans the faults of one round, of `kinds`, over `seconds`. Kinds that are missing here are left out, and the others stay. */
export function planRound(seed: number, kinds: readonly FaultKind[], seconds: number, isMissing: (kind: FaultKind) => boolean): Plan {
  const random = new SeededRandom(seed * 7_919)
  const chosen = chooseKinds(random, kinds)
  const decided: PlannedStep[] = []
  let disks = 0
  for (let leftMs = seconds * 1_000; leftMs > 0; leftMs -= decided.at(-1)!.gapMs) {
    const step = decideStep(pickByWeight(random, chosen), random)
    const takesTurn = faultOf(step.kind).takesTurn ?? false
    if (takesTurn) disks++
    decided.push(takesTurn && disks > DISKS_HURT_MAX ? { ...step, kind: 'kill' } : step)
  }
  const steps = decided.filter(({ kind }) => !isMissing(kind))
  return { seed, steps, losesLedger: steps.some(({ kind }) => faultOf(kind).losesLedger) }
}

function chooseKinds(random: SeededRandom, kinds: readonly FaultKind[]): readonly FaultKind[] {
  const left = [...kinds]
  const wanted = random.integer(Math.min(2, left.length), Math.min(KINDS_MAX, left.length))
  return Array.from({ length: wanted }, () => left.splice(random.integer(0, left.length - 1), 1)[0]!)
}

function decideStep(kind: FaultKind, random: SeededRandom): PlannedStep {
  const { lastsMaxMs, aim } = faultOf(kind)
  // Short absences show as much as long ones.
  const lastsMs = random.chance(0.3) ? Math.min(50, lastsMaxMs) : random.integer(0, lastsMaxMs)
  const gapMs = random.integer(GAP_MIN_MS, GAP_MAX_MS)
  return { kind, gapMs, lastsMs, targets: aim(random), roll: random.integer(0, 1_000_000) }
}

function pickByWeight(random: SeededRandom, kinds: readonly FaultKind[]): FaultKind {
  let left = random.next() * kinds.reduce((sum, kind) => sum + faultOf(kind).weight, 0)
  for (const kind of kinds) {
    left -= faultOf(kind).weight
    if (left < 0) return kind
  }
  return kinds[0]!
}
