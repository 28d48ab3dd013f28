import type { Entry } from '../domain/order.ts'
import type { Genesis } from './chain.ts'
import type { ReadableLog } from './pages.ts'

/** The end of an order log, and the log's identity. */
export interface OrderLogHead {
  /** The history that this log belongs to; undefined until the replica has met a catalogue or a leader. */
  readonly genesis: Genesis | undefined
  /** The id is made together with the file. A new disk has another id than the one before. */
  readonly diskId: string
  /** The highest generation that this replica has heard of. It is on disk. */
  readonly sealedGeneration: number
  readonly length: number
  /** Generation of the last entry, 0 while there is none. */
  readonly lastGeneration: number
  /** Digest of the whole history. While the log is empty, the digest of the genesis, or '' without a genesis. */
  readonly digest: string
}

/**
 * One replica's copy of the log. It is an exact prefix of the ledger, without a hole, in order.
 *
 * G1. Appended entries are on disk before `append` resolves: all entries of a call, or none.
 * G2. Entries have to continue the log exactly. Others are a bug of the caller: this is asserted, and nothing is written.
 * G3. After a failed write or sync the log is unusable: every later call rejects with a `StorageFailure`.
 * G4. Entries are archived durably before they are cut off the log. A cut is done as a whole or not at all.
 */
export interface OrderLog extends ReadableLog {
  head(): OrderLogHead
  /** Appends entries that lead to this digest. Returns the new head. Rejects when the entries lead to another digest. */
  append(entries: readonly Entry[], digest: string): Promise<OrderLogHead>
  entry(number: number): Promise<Entry | undefined>
  /** Returns the digest of the first `length` entries, or undefined when there are fewer. */
  digestAt(length: number): Promise<string | undefined>
  /** Remembers a higher generation on disk. A lower one changes nothing. An empty log adopts the genesis. */
  seal(generation: number, genesis: Genesis): Promise<OrderLogHead>
  /**
   * Cuts off all entries from number `length` on, after the ledger has decided others (G4). Asserts that the log is at least
   * `length` entries long. Returns the new head.
   */
  cut(length: number): Promise<OrderLogHead>
  /** Asks the disk. Returns why nothing more should be written for now, such as a full disk, or undefined when there is room. */
  trouble(): string | undefined
  close(): Promise<void>
}
