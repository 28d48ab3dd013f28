import { ERRORS, type ErrorName } from '../domain/errors.ts'
import { REJECTION_REASONS, type Outcome as DomainOutcome, type RejectionReason } from '../domain/order.ts'
import type { Outcome } from './messages.ts'

/** Answers that are no decision. The caller repeats its request with the same key. */
export const UNKNOWN = -100
export const NOT_LEADER = -101
export const OVERLOADED = -102

/** The row of the error table for each rejection. */
export const REJECTION_ERRORS = {
  'stock-not-found': 'STOCK_NOT_FOUND',
  'invalid-type': 'INVALID_TYPE',
  'invalid-quantity': 'INVALID_QUANTITY',
  'not-enough': 'NOT_ENOUGH',
  'level-limit': 'LEVEL_LIMIT',
} as const satisfies Record<RejectionReason, ErrorName>

const REASONS = new Map<number, RejectionReason>(REJECTION_REASONS.map((reason) => [ERRORS[REJECTION_ERRORS[reason]].wire, reason]))
const KEY_REUSED = ERRORS.KEY_REUSED.wire

/** Returns the number of an outcome on the wire: the order's number, or a negative code. */
export function wireNumber(outcome: DomainOutcome): number {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.number
    case 'rejected':
      return ERRORS[REJECTION_ERRORS[outcome.reason]].wire
    case 'key-reused':
      return KEY_REUSED
  }
}

export function toWireOutcome(outcome: DomainOutcome): Outcome {
  return {
    number: wireNumber(outcome),
    position: outcome.kind === 'rejected' ? outcome.position : 0,
    replayed: outcome.kind === 'key-reused' ? false : outcome.replayed,
  }
}

/** Returns undefined for a number that no decided outcome has: UNKNOWN, NOT_LEADER, OVERLOADED, or a stranger's own code. */
export function fromWireOutcome(wire: { number: number; position?: number; replayed: boolean }): DomainOutcome | undefined {
  if (wire.number >= 0) return { kind: 'accepted', number: wire.number, replayed: wire.replayed }
  if (wire.number === KEY_REUSED) return { kind: 'key-reused' }
  const reason = REASONS.get(wire.number)
  return reason && { kind: 'rejected', reason, position: wire.position ?? 0, replayed: wire.replayed }
}

/**
 * Returns the length of the log that has to be published before an outcome may be shown. It is `positionToPublish` of the
 * outcome that {@link fromWireOutcome} returns, and is undefined where that returns undefined.
 */
export function positionToShow({ number, position }: Outcome): number | undefined {
  if (number >= 0) return number + 1
  return number === KEY_REUSED || REASONS.has(number) ? position : undefined
}
