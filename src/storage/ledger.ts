import type { Entry, OrderRequest, Outcome, RecordedDecision } from '../domain/order.ts'
import { LIMITS } from '../domain/limits.ts'
import type { Stock } from '../domain/stock.ts'
import { isAddress } from '../runtime/address.ts'
import type { Genesis } from './chain.ts'
import type { ReadableLog } from './pages.ts'

/** The end of a ledger: its length, its digest and its generations. */
export interface LedgerHead {
  readonly genesis: Genesis
  /** It rises at every start of the catalogue. Every entry carries the generation that it was decided under. */
  readonly generation: number
  /** Number of entries. The next order gets this number. */
  readonly length: number
  /** Digest of the whole history, as 64 hexadecimal digits. */
  readonly digest: string
  /** The generation of the last recovery from replicas; 0 without one. That recovery gave up every replica that it did not seal. */
  readonly recoveredGeneration: number
  /** Generation of the last entry, 0 while there is none. */
  readonly lastGeneration: number
  /** A position up to which all is published. After a crash, more may have been published than is on record. */
  readonly publishedAtLeast: number
}

/** The ledger as the pure decision sees it. */
export interface DecisionView {
  /** Number for the next accepted order. */
  readonly length: number
  readonly generation: number
  readonly timeMs: number
  /** Returns the stock at the ledger's head, or undefined when there is none of that name. */
  stock(name: string): Stock | undefined
  /** Returns the decision on record under a key, or undefined. */
  recorded(key: string): RecordedDecision | undefined
}

/** A rejection that has to be remembered under its key. */
export interface RecordedRejection extends RecordedDecision {
  readonly key: string
}

/** The writes that the pure decision asks for. */
export interface DecisionWrites {
  /** One for each request, in the order of the requests. */
  readonly outcomes: readonly Outcome[]
  /** New entries, numbered from the view's length on. */
  readonly entries: readonly Entry[]
  readonly rejections: readonly RecordedRejection[]
  /** New levels of every stock that an entry touched. */
  readonly stocks: readonly Stock[]
}

/** Decides requests. It is pure: it has no clock, does not wait and remembers nothing. */
export type Decide = (view: DecisionView, requests: readonly OrderRequest[]) => DecisionWrites

/** A decided batch. It is on disk before the caller gets it. */
export interface DecidedBatch {
  readonly outcomes: readonly Outcome[]
  readonly entries: readonly Entry[]
  /** Length and digest after the batch. */
  readonly length: number
  readonly digest: string
}

/** The part of a ledger that writes nothing. */
export type ReadableLedger = Pick<Ledger, 'head' | 'stocks' | 'entries' | 'digestAt' | 'knownReplicas' | 'trouble' | 'close'>

/**
 * The catalogue's truth: all entries, the stock levels, and the rejections with their keys.
 *
 * L1. A batch is decided and written as a whole or not at all, and is on disk before `decide` resolves.
 * L2. Batches are decided one after the other: each sees everything that the one before it wrote.
 * L3. After a failed write or sync the ledger is unusable: every later call rejects with a {@link StorageFailure}.
 */
export interface Ledger extends ReadableLog {
  head(): LedgerHead
  /**
   * Lets `rule` decide the requests in order, writes the result, and syncs. `rejectedAtMs` is the time that rejections are
   * recorded with.
   */
  decide(rule: Decide, requests: readonly OrderRequest[], timeMs: number, rejectedAtMs?: number): Promise<DecidedBatch>
  /** Returns the decision on record under a key, or undefined. */
  recorded(key: string): Promise<RecordedDecision | undefined>
  /** Returns all stocks at the ledger's head. */
  stocks(): Promise<readonly Stock[]>
  /** Returns the digest of the first `length` entries, or undefined when there are fewer. */
  digestAt(length: number): Promise<string | undefined>
  /** Notes that the log is published up to `position`. The note is written with the next batch. */
  notePublished(position: number): void
  /** Writes a noted position now. Call it when no batch comes that would write the position. */
  flushPublished(): Promise<void>
  /** Raises the generation above its last value and above `floor`, syncs, and returns it. */
  raiseGeneration(floor: number): Promise<number>
  /** Returns the ids and addresses of the replicas that this catalogue has met. */
  knownReplicas(): Promise<readonly KnownReplica[]>
  /** Remembers these replicas in one write: all of them, or none. */
  rememberReplica(...replicas: readonly KnownReplica[]): Promise<void>
  /** Forgets these replicas in one write. One that is remembered at another address stays. */
  forgetReplica(...replicas: readonly KnownReplica[]): Promise<void>
  /** Returns the latest time of a rejection on record, or undefined when there is none. */
  newestRejectionMs(): Promise<number | undefined>
  /** Forgets rejections with a time before `timeMs`. Returns how many they were. Entries are never forgotten. */
  pruneRejections(timeMs: number): Promise<number>
  /** Asks the disk. Returns why nothing more should be written for now, such as a full disk, or undefined when there is room. */
  trouble(): string | undefined
  close(): Promise<void>
}

/** The result of opening the place where the ledger should be. */
export type LedgerOpening =
  | { readonly kind: 'ready'; readonly ledger: Ledger }
  /** The ledger is whole, but cannot be written now, for example on a full disk. Once `trouble` is undefined, open it again. */
  | { readonly kind: 'read-only'; readonly ledger: ReadableLedger; readonly why: string }
  | { readonly kind: 'missing' }
  /** The file is damaged. `replicas` are those that the file can still name. */
  | { readonly kind: 'damaged'; readonly why: string; readonly replicas?: readonly KnownReplica[] }

/** A piece of some replica's log, in order. */
export interface LogPage {
  readonly entries: readonly Entry[]
  /** Digest after these entries. */
  readonly digest: string
}

/**
 * The place where a catalogue keeps its ledger.
 *
 * L4. `rebuild` leaves either the old ledger or the whole new one, whenever it is interrupted. The old ledger is archived
 *     beside the new one and never deleted. On disk, an empty ledger does not replace one that may hold entries.
 */
export interface LedgerStore {
  open(): Promise<LedgerOpening>
  /**
   * Writes a new ledger from a replica's log. Entries, levels and keys follow from the genesis and the pages, and the digest
   * of every page is checked. The last entry counts as not published, so that it is published again before anything is
   * shown. Without a page, a new history begins.
   */
  rebuild(origin: RebuildOrigin, pages: AsyncIterable<LogPage>): Promise<Ledger>
}

/** The values that a rebuilt ledger begins with, besides the log. */
export interface RebuildOrigin {
  readonly genesis: Genesis
  /** The generation of the recovery: the ledger's own and its recovered one. */
  readonly generation: number
  /** Replicas that the ledger remembers from the start. A ledger that knows no replicas takes all its entries for published. */
  readonly replicas: readonly KnownReplica[]
}

export interface KnownReplica {
  /** "host:port" */
  readonly address: string
  readonly replicaId: number
}

/** Says whether a replica can have this id and this address. Earlier versions remembered whatever they were told. */
export const isReplica = ({ replicaId, address }: KnownReplica): boolean =>
  Number.isSafeInteger(replicaId) && replicaId >= 0 && isAddress(address)

/** Returns the next generation above both. Throws when there is none left. */
export function generationAbove(own: number, floor: number): number {
  const generation = Math.max(own, floor) + 1
  if (generation <= LIMITS.generationMax) return generation
  throw new StorageFailure(
    `the ledger cannot be raised above generation ${Math.max(own, floor)}: no catalogue comes to more than ${LIMITS.generationMax}`,
  )
}

/** A write, a sync or a read of the store failed, or the store is damaged. The process has to end. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure'
}
