import { checkHistory } from '../checkers/check-history.ts'
import { SeededRandom } from '../checkers/seeded-random.ts'
import type { Recording as HistoryRecording } from '../checkers/history-file.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { untilTradingAt } from '../cluster.ts'
import { checkEndState } from '../end-state.ts'
import { eventually, HOPELESS_MS } from '../fault/process.ts'
import { RecordedClient } from './clients.ts'
import { clockEnvironment } from './clocks.ts'
import { Conductor, type Strike } from './conductor.ts'
import { mountSmallDisk } from './disks.ts'
import { failingDiskEnvironment } from './failing-disk.ts'
import { FAILING_DISKS, type FaultKind } from './faults.ts'
import { Fleet } from './fleet.ts'
import { planRound, type Plan } from './plan.ts'
import { readEverything } from './final-reads.ts'
import { Recording } from './recording.ts'
import { finalLog } from './state.ts'
import { Transcript } from './transcript.ts'
import { verifyFiles } from './verified.ts'

/** How long clients go on after healing. */
const AFTERMATH_MS = 700
/** Least number of orders in a round. Clients go on until there are so many, since fewer would show nothing. */
const ORDERS_MIN = 5
const DEFINITE_MIN = 50
/** For so long after a fault has ended, an answer may still be late because of it. */
const ECHO_MS = 1_500

export interface RoundOptions {
  readonly seed: number
  readonly seconds: number
  readonly kinds: readonly FaultKind[]
  /** The kinds among `kinds` that this machine cannot make. */
  readonly missing: ReadonlySet<FaultKind>
  readonly clients: number
  /** Library that lets wall clocks jump and drift. */
  readonly faketime: string | undefined
  /** Library that lets writes, syncs and reads fail. */
  readonly failingDisk: string | undefined
  /** Folder where Node may keep the compiled program, so that processes come back in half the time. */
  readonly compiledTo?: string
}

export interface RoundResult {
  readonly seed: number
  readonly violations: readonly string[]
  readonly transcript: readonly string[]
  readonly history: HistoryRecording
  readonly strikes: readonly Strike[]
  /** Longest time that a client was without an answer, in ms, by kind of the fault that was there or just over. */
  readonly longestPauseMs: ReadonlyMap<FaultKind, number>
  /** The output of each process; kept only when something is wrong. */
  readonly outputs: ReadonlyMap<string, string>
}

/** Plays one round on a system of its own: trade, faults, healing, and a check of all that is left. */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const { seed, kinds, seconds, missing } = options
  const plan = planRound(seed, kinds, seconds, (kind) => missing.has(kind))
  const transcript = new Transcript()
  const round = new Round(options, plan, transcript)
  const violations = await round.play()
  for (const violation of violations) transcript.tell(`VIOLATION ${violation}`)
  const { history, strikes, longestPauseMs, outputs } = round
  return { seed, violations, transcript: transcript.lines, history, strikes, longestPauseMs, outputs }
}

class Round {
  readonly outputs = new Map<string, string>()
  readonly #options: RoundOptions
  readonly #plan: Plan
  readonly #transcript: Transcript
  readonly #fleet: Fleet
  readonly #conductor: Conductor
  readonly #recording = new Recording()
  #log: HistoryRecording['log'] = []

  constructor(options: RoundOptions, plan: Plan, transcript: Transcript) {
    this.#options = options
    this.#plan = plan
    this.#transcript = transcript
    this.#fleet = new Fleet(transcript)
    this.#conductor = new Conductor(this.#fleet, transcript)
  }

  get history(): HistoryRecording {
    return { opening: OPENING_CATALOGUE, operations: this.#recording.operations, log: this.#log }
  }
  get strikes(): readonly Strike[] {
    return this.#conductor.strikes
  }

  get longestPauseMs(): ReadonlyMap<FaultKind, number> {
    const longest = new Map<FaultKind, number>()
    for (const { kind, startMs, endMs } of this.strikes) {
      const touched = this.#recording.pauses.filter((pause) => pause.startMs < endMs + ECHO_MS && pause.endMs > startMs)
      const lengths = touched.map((pause) => pause.endMs - pause.startMs)
      longest.set(kind, Math.max(longest.get(kind) ?? 0, ...lengths))
    }
    return longest
  }

  /** Plays the round. Returns the complaints. */
  async play(): Promise<string[]> {
    const fleet = this.#fleet
    const unmount: (() => void)[] = []
    const violations: string[] = []
    try {
      await fleet.start(
        (name) => this.#environment(name),
        (name) => this.#makeDisk(name, unmount),
      )
      for (const frontEnd of fleet.frontEnds) await untilTradingAt(frontEnd)
      this.#transcript.tell('it trades')
      await this.#trade()
      violations.push(...(await this.#check()))
    } catch (error) {
      violations.push(wordsOf(error))
    }
    violations.push(...(await fleet.stop()))
    if (violations.length === 0) violations.push(...(await verifyFiles(fleet.files, this.#log.length)))
    if (violations.length > 0) for (const name of fleet.names) this.outputs.set(name, fleet.output(name))
    for (const takeAway of unmount) takeAway()
    fleet.removeFolder()
    return violations
  }

  async #trade(): Promise<void> {
    const { clients, seed } = this.#options
    const options = { repeatsAnswered: !this.#plan.losesLedger }
    const running = Array.from({ length: clients }, (_, id) => {
      const random = new SeededRandom(seed * 1_009 + id)
      return new RecordedClient(id, this.#fleet.frontEnds, this.#recording, random, options)
    })
    try {
      await this.#conductor.play(this.#plan.steps)
      for (const frontEnd of this.#fleet.frontEnds) await untilTradingAt(frontEnd)
      this.#transcript.tell('it trades again')
      await eventually('enough orders and definite answers', HOPELESS_MS, () => this.#hasShownSomething || undefined)
      await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS))
    } finally {
      await Promise.all(running.map((client) => client.stop()))
    }
  }

  get #hasShownSomething(): boolean {
    const { acknowledged, operations } = this.#recording
    return acknowledged.size >= ORDERS_MIN && operations.filter(({ outcome }) => outcome.kind !== 'unknown').length >= DEFINITE_MIN
  }

  async #check(): Promise<string[]> {
    const { wrong, acknowledged, operations } = this.#recording
    const violations: string[] = []
    try {
      await checkEndState(this.#fleet, [...acknowledged.values()])
    } catch (error) {
      violations.push(wordsOf(error))
    }
    this.#log = await finalLog(this.#fleet)
    violations.push(...(await readEverything(this.#fleet.frontEnds, this.#log.length, this.#recording)), ...wrong)
    const verdict = checkHistory(operations, this.#log, OPENING_CATALOGUE)
    if (!verdict.ok) violations.push(...verdict.violations.map(({ rule, explanation }) => `${rule}: ${explanation}`))
    return violations
  }

  /** Returns a process's environment. A library costs time on every call, so it is loaded only when the plan needs it. */
  #environment(name: string): Readonly<Record<string, string>> {
    const { faketime, failingDisk, compiledTo } = this.#options
    const has = (kind: FaultKind) => this.#plan.steps.some((step) => step.kind === kind)
    const folder = this.#fleet.controlFolder(name)
    const failsDisk = FAILING_DISKS.some(has)
    const libraries = [has('clock') ? faketime : undefined, failsDisk ? failingDisk : undefined]
    const preloaded = libraries.filter((library) => library !== undefined)
    return {
      ...(preloaded.length > 0 && { LD_PRELOAD: preloaded.join(':') }),
      ...(has('clock') && clockEnvironment(folder)),
      ...(failsDisk && failingDiskEnvironment(folder)),
      ...(compiledTo !== undefined && { NODE_COMPILE_CACHE: compiledTo }),
    }
  }

  #makeDisk(name: string, unmount: (() => void)[]): void {
    const fills = this.#plan.steps.some(({ kind, targets }) => kind === 'full-disk' && targets.includes(name))
    if (fills) unmount.push(mountSmallDisk(this.#fleet.folder(name)))
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
