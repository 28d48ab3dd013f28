import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE, type Stock } from '../domain/stock.ts'
import { sleep } from '../runtime/clock.ts'
import type { Runtime } from '../wire/runtime.ts'
import { readPages } from '../wire/log-pages.ts'
import type { Entries, ReadRequest, SealResult } from '../wire/messages.ts'
import type { Genesis } from '../storage/chain.ts'
import { isSealed, type Answer, type Seals, type Sealed } from './seals.ts'
import {
  isReplica,
  type KnownReplica,
  type Ledger,
  type LedgerHead,
  type LedgerOpening,
  type LedgerStore,
  type LogPage,
} from '../storage/ledger.ts'

export const SEAL_RETRY_MS = 200
const WAITING_REPORT_MS = 2_000
const READ_DEADLINE_MS = 5_000
/** How long a recovery waits for a replica that vanishes while it is read. After that, the recovery begins anew. */
const RECOVERY_READ_PATIENCE_MS = 30_000

/** Generations that a recovery skips. Earlier starts that reached only the replicas given up now may have used them. */
const GENERATIONS_SKIPPED = 1_000

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
 * C5. A ledger that can be read is replaced only by a log of its own cluster that holds all entries known to be published.
 * C9. Of two replicas whose logs end in one generation, one log is a prefix of the other. If it is not, neither is chosen.
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

/** Whether a replica shows that this ledger has lost something: it is {@link isAhead}, or was sealed by a later life. */
export function showsLoss(
  replica: { readonly clusterId: string; readonly lastGeneration: number; readonly length: number; readonly sealedGeneration: number },
  head: LedgerHead,
): boolean {
  const isOfThisCluster = replica.length === 0 || replica.clusterId === head.genesis.clusterId
  return isAhead(replica, head) || (isOfThisCluster && replica.sealedGeneration > head.generation)
}

/**
 * Whether a replica holds entries that this ledger has lost. The entries tell, and not the seal: a leader, or the catalogue
 * itself, seals a replica anew when it comes back. A replica that an earlier recovery gave up does not count (R4). That
 * recovery did without its log, so its older entries are missing in the ledger on purpose.
 */
export function isAhead(
  replica: { readonly clusterId: string; readonly lastGeneration: number; readonly length: number },
  head: LedgerHead,
): boolean {
  if (replica.length === 0) return false
  if (replica.clusterId !== head.genesis.clusterId) return head.length === 0
  if (replica.lastGeneration < head.recoveredGeneration) return false
  const newer = replica.lastGeneration - head.lastGeneration || replica.length - head.length
  return newer > 0
}

/** Whether a replica was replaced (C6): the operator names replicas without it, and another process has its address now. */
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
  const pages = readPages(runtime.clock, (request) => read(runtime, best, request), 0, best.state.length)
  const recovered = await store.rebuild({ genesis: best.state.genesis, generation, replicas }, pages)
  runtime.log.warn({ length: recovered.head().length, digest: recovered.head().digest }, 'ledger recovered')
  return recovered
}

/** C5. Throws when the replica's log lacks published entries of the ledger. A ledger without orders has none. */
async function requireContained(runtime: Runtime, ledger: Ledger, best: Sealed): Promise<void> {
  const { length, genesis, publishedAtLeast } = ledger.head()
  if (length === 0) return
  const isContained =
    best.state.clusterId === genesis.clusterId &&
    (await digestAt(runtime, best, publishedAtLeast)) === (await ledger.digestAt(publishedAtLeast))
  if (isContained) return
  throw new Error(
    `the ledger holds ${publishedAtLeast} published orders that the log of ${nameOf(best)} does not begin with: it is not replaced. ` +
      'Put back the ledger that belongs to these replicas, or start the replicas that belong to this ledger',
  )
}

/**
 * C9. Only one catalogue decides in a generation. So two logs that differ and end in the same one come from two copies of a
 * system that both continued. The operator has to say which of them is meant.
 */
async function requireOneHistory(runtime: Runtime, best: Sealed, holders: readonly Sealed[]): Promise<void> {
  for (const { replica, state } of holders.filter(({ state }) => state.lastGeneration === best.state.lastGeneration)) {
    if ((await digestAt(runtime, best, state.length)) === state.digest) continue
    throw new Error(
      `the replicas hold two histories of cluster ${state.clusterId}: replica ${replica.replicaId} at ${replica.address} has other ` +
        `orders among its ${state.length} than ${nameOf(best)}, decided at the same time. Copies of one system have gone on apart: ` +
        'move away the files of the one that is not meant',
    )
  }
}

const read = (runtime: Runtime, { replica }: Sealed, request: ReadRequest): Promise<Entries> =>
  retried(runtime, () => runtime.network.call(replica.address, 'Order.Read', request, READ_DEADLINE_MS))

/** The digest of the first `length` entries of a replica's log. */
const digestAt = async (runtime: Runtime, from: Sealed, length: number): Promise<string> =>
  (await read(runtime, from, { from: length, limit: 0 })).digest

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
  /** Whether the recovery can do without this replica. */
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

/** Repeats a call to a replica that is away for a while. A replica may restart while it is read, and then has the same log. */
async function retried<T>({ clock, log }: Runtime, call: () => Promise<T>): Promise<T> {
  const until = clock.monotonicMs() + RECOVERY_READ_PATIENCE_MS
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (clock.monotonicMs() >= until) throw error
      log.warn({ error: (error as Error).message }, 'reading from the replica again')
      await sleep(clock, SEAL_RETRY_MS)
    }
  }
}

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

const nameOf = ({ replica: { replicaId, address } }: Answer): string => `replica ${replicaId} at ${address}`

const holdingOf = ({ length, lastGeneration, digest }: Pick<SealResult, 'length' | 'lastGeneration' | 'digest'>) => ({
  length,
  lastGeneration,
  digest: digest.slice(0, 12),
})

const describe = ({ replica, state }: Sealed): string => `${replica.address} holds ${state.length} entries of ${state.clusterId}`
