import { GENERATIONS_SKIPPED, mayBeGivenUp } from '../domain/generation.ts'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE, type Stock } from '../domain/stock.ts'
import { sleep } from '../runtime/clock.ts'
import type { Runtime } from '../wire/runtime.ts'
import { readPages } from '../wire/log-pages.ts'
import type { SealResult } from '../wire/messages.ts'
import type { Genesis } from '../storage/chain.ts'
import { requireContained, requireOneHistory } from './histories.ts'
import { readLog } from './replica-logs.ts'
import { isSealed, nameOf, SEAL_RETRY_MS, type Answer, type Seals, type Sealed } from './seals.ts'
import {
  isReplica,
  type KnownReplica,
  type Ledger,
  type LedgerHead,
  type LedgerOpening,
  type LedgerStore,
  type LogPage,
} from '../storage/ledger.ts'

const WAITING_REPORT_MS = 2_000

export interface RecoveryOptions {
  readonly seals: Seals
  readonly store: LedgerStore
  /** Replicas of this cluster, as far as the operator named them. */
  readonly replicas: readonly KnownReplica[]
  /** Ids of replicas that are given up for good. */
  readonly lost: readonly number[]
  /** The stocks of a new history. Called only when one begins. Without it, the built-in catalogue is used. */
  openingStocks?(): readonly Stock[]
}

/** A ledger that may be decided on. */
export interface Opened {
  readonly ledger: Ledger
  /** Replicas of this cluster: those that the operator named, and those that the ledger before this start remembered. */
  readonly replicas: readonly KnownReplica[]
  /** Those of them that could not be reached at this start (C4). */
  readonly unread: readonly KnownReplica[]
}

/** The contents of a store that can be written. */
export type WritableOpening = Exclude<LedgerOpening, { readonly kind: 'read-only' }>
type UnusableLedger = Exclude<WritableOpening, { readonly kind: 'ready' }>

/**
 * Makes it safe to decide on the ledger in the store. `opening` says what the store holds.
 *
 * C1. The generation is above every one that a reachable replica was sealed with.
 * C2. A ledger that is missing, damaged, empty or behind a replica decides nothing before all replicas (but those given
 *     up as lost) were sealed and read; it takes over the log of the highest (generation, length).
 * C3, here: a history is begun only where all replicas are empty.
 * C5, C9: see histories.ts.
 */
export async function openLedger(
  runtime: Runtime,
  options: RecoveryOptions,
  opening: WritableOpening,
  signal: AbortSignal,
): Promise<Opened> {
  const recoverFrom = async (replicas: readonly KnownReplica[], ledger?: Ledger): Promise<Opened> => ({
    ledger: await recover(runtime, { ...options, replicas, named: options.replicas }, ledger, signal),
    replicas,
    unread: [],
  })
  if (opening.kind !== 'ready') {
    runtime.log.warn(opening, 'no usable ledger')
    return recoverFrom(holdersOf(opening, options.replicas))
  }
  const { ledger } = opening
  const answers = await raiseAboveAll(options.seals, ledger, withKnown(options.replicas, await rememberedReplicas(runtime, ledger)))
  const replicas = answers.filter((answer) => !isReplaced(answer, options.replicas)).map(({ replica }) => replica)
  const head = ledger.head()
  const ahead = answers.filter(isSealed).filter(({ state }) => isAhead(state, head))
  if (ahead.length === 0 && (head.length > 0 || replicas.length === 0)) {
    const unread = replicas.filter((replica) => !answers.some((answer) => isSealed(answer) && answer.replica === replica))
    if (unread.length > 0) runtime.log.info({ unread }, 'these replicas were not reached: the ledger counts until they are')
    return { ledger, replicas, unread }
  }
  if (head.length > 0) {
    runtime.log.error({ ...holdingOf(head), replicas: ahead.map(({ state }) => state.replicaId) }, 'the ledger is behind')
  }
  return recoverFrom(replicas, ledger)
}

/**
 * The replicas that the ledger remembers. An earlier version remembered any number of them without a check. Those that
 * cannot be replicas, or are too many, are forgotten. A real replica among them names itself again.
 */
async function rememberedReplicas({ log }: Runtime, ledger: Ledger): Promise<readonly KnownReplica[]> {
  const remembered = await ledger.knownReplicas()
  const kept = remembered.filter(isReplica).slice(0, LIMITS.replicasMax)
  const dropped = remembered.filter((replica) => !kept.includes(replica))
  if (dropped.length === 0) return kept
  log.warn({ first: dropped[0], dropped: dropped.length }, 'what cannot be a replica was remembered, and is forgotten')
  await ledger.forgetReplica(...dropped)
  return kept
}

/** Says whether a replica shows that this ledger has lost something: it is {@link isAhead}, or was sealed by a later life. */
export function showsLoss(
  replica: { readonly clusterId: string; readonly lastGeneration: number; readonly length: number; readonly sealedGeneration: number },
  head: LedgerHead,
): boolean {
  const isOfThisCluster = replica.length === 0 || replica.clusterId === head.genesis.clusterId
  return isAhead(replica, head) || (isOfThisCluster && replica.sealedGeneration > head.generation)
}

/**
 * Says whether a replica holds entries that this ledger has lost. The entries tell, and not the seal: a leader, or the catalogue
 * itself, seals a replica anew when it comes back. What an earlier recovery may have given up does not count: it is missing in
 * the ledger on purpose, and the replica gives it up as well (R4). Another recovery may not have met this replica, since nobody
 * had named it. The replica keeps such entries, so the ledger has to be recovered from it.
 */
export function isAhead(
  replica: { readonly clusterId: string; readonly lastGeneration: number; readonly length: number },
  head: LedgerHead,
): boolean {
  if (replica.length === 0) return false
  if (replica.clusterId !== head.genesis.clusterId) return head.length === 0
  const { lastGeneration: tail } = replica
  if (mayBeGivenUp({ common: head.lastGeneration, tail, other: head.recoveredGeneration })) return false
  const newer = tail - head.lastGeneration || replica.length - head.length
  return newer > 0
}

/** Says whether a replica was replaced (C6): the operator names replicas without it, and another process has its address now. */
const isReplaced = (answer: Answer, named: readonly KnownReplica[]): boolean =>
  answer.kind === 'foreign' && named.length > 0 && !named.includes(answer.replica)

/** Replicas that may hold the entries of the ledger. A damaged ledger held some, so nothing begins without a replica to ask (C3). */
function holdersOf(opening: UnusableLedger, named: readonly KnownReplica[]): readonly KnownReplica[] {
  if (opening.kind === 'missing') return named
  const replicas = withKnown(named, opening.replicas ?? [])
  if (replicas.length > 0) return replicas
  throw new Error(
    `the ledger is damaged: ${opening.why}. No replica is known to recover it from: name them with --replica-addresses, ` +
      'or put back a whole backup',
  )
}

/** The replicas that the operator names, and the other ones that the ledger remembers. */
export function withKnown(named: readonly KnownReplica[], known: readonly KnownReplica[]): readonly KnownReplica[] {
  return [...named, ...known.filter((replica) => !named.some(({ replicaId }) => replicaId === replica.replicaId))]
}

/** C1. Looks at the seals before it seals: afterwards, an old seal looks the same as the new one. */
async function raiseAboveAll(seals: Seals, ledger: Ledger, replicas: readonly KnownReplica[]): Promise<Answer[]> {
  for (;;) {
    const seen = await seals.lookAt(replicas)
    const generation = await ledger.raiseGeneration(highestSeal(seen.filter(isSealed)))
    const reachable = seen.filter(isSealed).map(({ replica }) => replica)
    const answers = await seals.sealAll(reachable, generation, ledger.head().genesis)
    if (highestSeal(answers.filter(isSealed)) <= generation) return [...answers, ...seen.filter((answer) => !isSealed(answer))]
  }
}

const highestSeal = (sealed: readonly Sealed[]): number => Math.max(0, ...sealed.map(({ state }) => state.sealedGeneration))

/** C2, C3 */
async function recover(
  runtime: Runtime,
  /** `replicas`: all that are known; `named`: those of them that the operator named. */
  options: RecoveryOptions & { readonly named: readonly KnownReplica[] },
  ledger: Ledger | undefined,
  signal: AbortSignal,
): Promise<Ledger> {
  const { seals, store, replicas, lost } = options
  const needed = replicas.filter((replica) => !lost.includes(replica.replicaId))
  const genesis = ledger?.head().length ? ledger.head().genesis : undefined
  const step = lost.length > 0 ? GENERATIONS_SKIPPED : 1
  const { sealed, generation } = await sealAllInReach(
    runtime,
    seals,
    needed,
    {
      genesis,
      above: ledger?.head().generation ?? 0,
      step,
      // A readable ledger can do without a replica that was replaced. An unreadable one needs every log that it names.
      isDispensable: (answer) => ledger !== undefined && isReplaced(answer, options.named),
    },
    signal,
  )
  const holders = sealed.filter(({ state }) => state.length > 0)
  const clusters = new Set(holders.map(({ state }) => state.clusterId))
  if (clusters.size > 1) throw new Error(`the replicas belong to several clusters: ${holders.map(describe).join('; ')}`)
  reportGivenUp(runtime, options)
  const best = holders.sort(byGenerationAndLength)[0]
  if (!best) return begin(runtime, options, ledger, generation, sealed.find(({ state }) => state.genesis)?.state.genesis)
  reportFound(runtime, sealed)
  runtime.log.warn({ generation }, `recovering the ledger from ${nameOf(best)}`)
  if (!best.state.genesis) throw new Error(`${nameOf(best)} holds entries without a genesis`)
  await requireOneHistory(runtime, best, holders)
  if (ledger) await requireContained(runtime, ledger, best)
  await ledger?.close()
  const pages = readPages(runtime.clock, (request) => readLog(runtime, best, request), 0, best.state.length)
  const recovered = await store.rebuild({ genesis: best.state.genesis, generation, replicas }, pages)
  runtime.log.warn({ length: recovered.head().length, digest: recovered.head().digest }, 'ledger recovered')
  return recovered
}

/** Begins a history when nobody holds an entry (C3). If the replicas know a cluster, the ledger was lost, and continues it. */
async function begin(
  runtime: Runtime,
  { store, replicas, openingStocks = () => OPENING_CATALOGUE }: RecoveryOptions,
  ledger: Ledger | undefined,
  generation: number,
  known: Genesis | null | undefined,
): Promise<Ledger> {
  const genesis = () => known ?? { clusterId: runtime.random.id(16), stocks: openingStocks() }
  const fresh = ledger ?? (await store.rebuild({ genesis: genesis(), generation, replicas }, noPages()))
  await fresh.raiseGeneration(generation)
  runtime.log.info({ cluster: fresh.head().genesis.clusterId }, 'a new history begins')
  return fresh
}

async function* noPages(): AsyncIterable<LogPage> {}

interface SealPlan {
  readonly genesis: Genesis | undefined
  /** A generation that the new one exceeds by `step` at least. */
  readonly above: number
  readonly step: number
  /** Says whether the recovery can do without this replica. */
  isDispensable(answer: Answer): boolean
}

/** Seals all these replicas under one generation, `step` above all earlier ones (C1). Waits until all of them are reached. */
async function sealAllInReach(
  runtime: Runtime,
  seals: Seals,
  replicas: readonly KnownReplica[],
  { genesis, above, step, isDispensable }: SealPlan,
  signal: AbortSignal,
): Promise<{ sealed: Sealed[]; generation: number }> {
  const { clock, log } = runtime
  let reportAt = clock.monotonicMs() + WAITING_REPORT_MS
  for (;;) {
    const answers = await seals.lookAt(replicas)
    const isNothingLost = answers.every((answer) => answer.kind === 'other-program' || (isSealed(answer) && answer.state.length === 0)) // C8
    const seen = answers.filter((answer) => !isDispensable(answer) && !(isNothingLost && answer.kind === 'other-program'))
    const missing = seen.filter((answer) => !isSealed(answer))
    if (missing.length === 0) {
      const generation = Math.max(above, highestSeal(seen.filter(isSealed))) + step
      const found = seen.map(({ replica }) => replica)
      const sealed = (await seals.sealAll(found, generation, genesis)).filter(isSealed)
      if (sealed.length === seen.length && highestSeal(sealed) <= generation) return { sealed, generation }
    }
    if (signal.aborted) throw new Error('stopped while waiting for replicas')
    if (missing.length > 0 && clock.monotonicMs() >= reportAt) {
      log.warn(
        { missing },
        `waiting for ${missing.map(whoIsMissing).join(', ')}: start it, or give it up for good with --lost <replica id>`,
      )
      reportAt += WAITING_REPORT_MS
    }
    await sleep(clock, SEAL_RETRY_MS, signal)
  }
}

const byGenerationAndLength = (a: Sealed, b: Sealed): number =>
  b.state.lastGeneration - a.state.lastGeneration || b.state.length - a.state.length

/** Logs one line for each replica. With these lines and the archives, the operator can judge the recovery's choice. */
function reportFound({ log }: Runtime, sealed: readonly Sealed[]): void {
  for (const seal of sealed) {
    log.warn({ ...holdingOf(seal.state), disk: seal.state.diskId }, `found ${nameOf(seal)}`)
  }
}

function reportGivenUp({ log }: Runtime, { replicas, lost }: RecoveryOptions): void {
  for (const replicaId of lost) {
    const address = replicas.find((replica) => replica.replicaId === replicaId)?.address ?? 'an unknown address'
    log.warn({}, `replica ${replicaId} at ${address} is given up (--lost): orders that only it holds are gone`)
  }
}

const whoIsMissing = (answer: Answer): string => (answer.kind === 'other-program' ? `${nameOf(answer)} (${answer.why})` : nameOf(answer))

const holdingOf = ({ length, lastGeneration, digest }: Pick<SealResult, 'length' | 'lastGeneration' | 'digest'>) => ({
  length,
  lastGeneration,
  digest: digest.slice(0, 12),
})

const describe = ({ replica, state }: Sealed): string => `${replica.address} holds ${state.length} entries of ${state.clusterId}`
