import { expect, test } from 'vitest'
import { positionToPublish, REJECTION_REASONS, type Outcome } from '../domain/order.ts'
import { fromWireOutcome, NOT_LEADER, OVERLOADED, positionToShow, toWireOutcome, UNKNOWN } from './outcome-codes.ts'

const OUTCOMES: readonly Outcome[] = [
  { kind: 'accepted', number: 0, replayed: false },
  { kind: 'accepted', number: 7, replayed: true },
  ...REJECTION_REASONS.map((reason) => ({ kind: 'rejected', reason, position: 5, replayed: false }) as const),
  { kind: 'key-reused' },
]

test.each(OUTCOMES)('$kind comes back as it was sent', (outcome) => {
  expect(fromWireOutcome(toWireOutcome(outcome))).toEqual(outcome)
})

test.each(OUTCOMES)('$kind may be shown from the same position on, before and after it has travelled', (outcome) => {
  expect(positionToShow(toWireOutcome(outcome))).toBe(positionToPublish(outcome))
})

test.each([UNKNOWN, NOT_LEADER, OVERLOADED, -55])('%i is no decision, and may never be shown', (number) => {
  const wire = { number, position: 0, replayed: false }
  expect([fromWireOutcome(wire), positionToShow(wire)]).toEqual([undefined, undefined])
})
