import { LIMITS } from './limits.ts'

/** The two kinds of trade that exist. A request may carry any string; only these are ever accepted. */
export type TradeType = 'buy' | 'sell'

export const isTradeType = (type: unknown): type is TradeType => type === 'buy' || type === 'sell'

/** Says whether one order may be of so many shares. */
export const isOrderQuantity = (quantity: unknown): quantity is number =>
  Number.isInteger(quantity) && (quantity as number) >= 1 && (quantity as number) <= LIMITS.orderQuantityMax

/** An order as a client asks for it, with the key that makes a repeat harmless. */
export interface OrderRequest {
  /** Idempotency key. Keys made by a front end start with {@link FRONT_END_KEY_PREFIX}; a client's with {@link CLIENT_KEY_PREFIX}. */
  readonly key: string
  /** The request's content in short. The same key with another fingerprint is refused. */
  readonly fingerprint: string
  readonly name: string
  readonly type: string
  /** 1..2147483647. The decision rejects anything else. Every malformed quantity becomes 0. */
  readonly quantity: number
}

/** Prefixes of keys. With them, a key that a front end made never equals one that a client chose. */
export const FRONT_END_KEY_PREFIX = 'f:'
export const CLIENT_KEY_PREFIX = 'c:'
export const FOREIGN_KEY_PREFIX = 'g:'

const VISIBLE_ASCII = /^[\x21-\x7e]+$/

/** Says whether a client may choose this key. */
export const isIdempotencyKey = (text: string): boolean => text.length <= LIMITS.idempotencyKeyCharactersMax && VISIBLE_ASCII.test(text)

const PREFIXES = [FRONT_END_KEY_PREFIX, CLIENT_KEY_PREFIX, FOREIGN_KEY_PREFIX].join('|')
const RECORDED_KEY = new RegExp(`^(${PREFIXES})[\\x21-\\x7e]{1,${LIMITS.idempotencyKeyCharactersMax}}$`)

/** Says whether an order request may carry this key. The key's prefix says who made it. */
export const isRecordedKey = (text: string): boolean => RECORDED_KEY.test(text)

/** Why an order was rejected. A rejection uses no number. */
export type RejectionReason = (typeof REJECTION_REASONS)[number]

export const REJECTION_REASONS = ['stock-not-found', 'invalid-type', 'invalid-quantity', 'not-enough', 'level-limit'] as const

/** The catalogue's verdict on one request. Once recorded under a key it never changes. */
export type Decision =
  | { readonly kind: 'accepted'; readonly number: number }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason; readonly position: number }

/** The answer to a request: a decision, and whether it was on record already; or that its key belongs to another order. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly number: number; readonly replayed: boolean }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason; readonly position: number; readonly replayed: boolean }
  | { readonly kind: 'key-reused' }

/** A decision on record, with the fingerprint of the request that it answered. */
export interface RecordedDecision {
  readonly fingerprint: string
  readonly decision: Decision
}

/** An accepted trade. The contract calls `number` the transaction number. */
export interface Order {
  readonly number: number
  readonly name: string
  readonly type: TradeType
  readonly quantity: number
}

/** One record of the log: an order, and all that is needed to prove that two logs are the same. */
export interface Entry extends Order {
  /** The catalogue's generation when it decided this entry. */
  readonly generation: number
  readonly key: string
  readonly fingerprint: string
  /** When it was decided: milliseconds since 1970 by the catalogue's clock. */
  readonly timeMs: number
}

/** Bytes that an entry takes in a message besides its texts: its numbers, its type and the tags of its fields. */
export const ENTRY_BYTES_BESIDES = 64

/** Approximate bytes of an entry in a message. */
export const entryBytes = ({ key, fingerprint, name }: Entry): number =>
  Buffer.byteLength(key) + Buffer.byteLength(fingerprint) + Buffer.byteLength(name) + ENTRY_BYTES_BESIDES

/**
 * Returns the length of the log that has to be published before an outcome may be shown. An accepted order itself has to be
 * visible by then. A rejection must not tell of trades that nobody can see yet.
 */
export function positionToPublish(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.number + 1
    case 'rejected':
      return outcome.position
    case 'key-reused':
      return 0
  }
}
