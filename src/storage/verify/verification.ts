import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '../../domain/order.ts'
import { commonLength } from '../chain.ts'
import type { Findings } from './findings.ts'

export type CopyKind = 'ledger' | 'order log'

/** Receives the progress of reading a copy. */
export interface Progress {
  begin(what: string, total: number): void
  advance(by: number): void
}

/** A copy of the log that was read in full, with all that is wrong with it. */
export interface VerifiedCopy {
  /** Path of the file, or address of the process that serves it. */
  readonly source: string
  readonly kind: CopyKind
  /** The history that the copy belongs to; undefined when it belongs to none yet, or cannot be read. */
  readonly clusterId: string | undefined
  /** A ledger's generation, or an order log's sealed one. */
  readonly generation: number
  /** Generation of the last entry; 0 without entries. */
  readonly lastGeneration: number
  /** A ledger's generation at its last recovery; 0 for an order log. */
  readonly recoveredGeneration: number
  /** Number of entries. */
  readonly length: number
  /** Digest of all entries, as 64 hexadecimal digits; '' when it cannot be known. */
  readonly digest: string
  readonly findings: Findings
  /**
   * Why the copy could not be verified, and what to do about that; undefined when it was verified. This says nothing against
   * the copy: a permission or a read-only mount was in the way, or a person has to decide what the file is.
   */
  readonly unverified: string | undefined
  /** Returns the digest of the first `length` entries, as the copy tells it, or undefined when it does not tell. */
  digestAt(length: number): Promise<string | undefined>
  entry(number: number): Promise<Entry | undefined>
  close(): void
}

/** The relation of a copy to the one that it is compared with. */
export type Standing =
  | { readonly kind: 'same' }
  /** The copy is an exact prefix. Its process fetches the missing entries when it runs. */
  | { readonly kind: 'behind'; readonly lacks: number }
  | { readonly kind: 'empty' }
  /** The copy holds other entries, from some number on or from the start. Neither of the two is a prefix of the other. */
  | { readonly kind: 'parted' }
  /** The copy differs in another way. The findings tell how. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unknown' }

/**
 * Returns the copy that all others are compared with: the ledger, or the longest order log when no ledger can be read.
 * Returns undefined when no copy belongs to a history.
 */
export function referenceAmong(copies: readonly VerifiedCopy[]): VerifiedCopy | undefined {
  const readable = copies.filter(({ clusterId }) => clusterId !== undefined)
  const ledger = readable.find(({ kind }) => kind === 'ledger')
  return ledger ?? readable.toSorted((a, b) => b.length - a.length)[0]
}

/** Finds out whether `copy` is a prefix of `reference`. Contradictions are added to the copy's findings. */
export async function compare(copy: VerifiedCopy, reference: VerifiedCopy): Promise<Standing> {
  if (copy.unverified !== undefined) return { kind: 'unknown' }
  if (copy.clusterId === undefined) return copy.findings.count === 0 ? { kind: 'empty' } : { kind: 'unknown' }
  if (copy.clusterId !== reference.clusterId) {
    copy.findings.add(`it belongs to cluster ${copy.clusterId}, ${reference.source} to cluster ${reference.clusterId}`)
    return { kind: 'other' }
  }
  const both = Math.min(copy.length, reference.length)
  const [own, theirs] = await Promise.all([copy.digestAt(both), reference.digestAt(both)])
  if (own === undefined || theirs === undefined) return { kind: 'unknown' }
  if (own !== theirs) {
    await reportFork(copy, reference, both)
    return { kind: 'parted' }
  }
  return compareLengths(copy, reference)
}

function compareLengths(copy: VerifiedCopy, reference: VerifiedCopy): Standing {
  if (copy.length === reference.length) return { kind: 'same' }
  if (copy.length < reference.length) return { kind: 'behind', lacks: reference.length - copy.length }
  copy.findings.add(`it holds ${copy.length} entries, ${reference.source} only the first ${reference.length} of them`)
  return { kind: 'other' }
}

async function reportFork(copy: VerifiedCopy, reference: VerifiedCopy, both: number): Promise<void> {
  // At the length `both` the two copies are known to differ.
  const number = await commonLength(both - 1, async (length) => (await copy.digestAt(length)) === (await reference.digestAt(length)))
  const [own, theirs] = await Promise.all([copy.entry(number), reference.entry(number)])
  const words = isDeepStrictEqual(own, theirs)
    ? `the digest of ${reference.source} differs from here on`
    : `${reference.source} has ${JSON.stringify(theirs)}, this copy ${JSON.stringify(own)}; all that follows differs too`
  copy.findings.add(words, number)
}
