import type { Operation } from './history.ts'

/** The rules that a history can break. */
export const RULES = {
  'log-dense': 'The numbers of the log are 0, 1, 2, …',
  'log-valid': 'Every entry of the log is an order that can be accepted.',
  'level-range': 'Every prefix of the log leaves quantity and volume of every stock within 0..2^53-1.',
  'key-once': 'A key is in the log at most once.',
  'log-sent': 'Every entry of the log was asked for: its key, with its content.',
  'acknowledged-kept': 'An acknowledged order is in the log under its number, with its key and its content.',
  'one-outcome': 'A key has one outcome over all calls.',
  'rejected-absent': 'An order that was answered as rejected is not in the log.',
  'rejection-true': 'A rejection gives the reason that the contract gives, and one that held during the call.',
  'key-reuse': 'A key is refused as reused only when an order with other content had it.',
  'shown-true': 'A read shows a state that is true at some time.',
  stale: 'No answer shows an older state than the one that was complete before its call began.',
  future: 'No answer shows an order that was first asked for after its call ended.',
} as const

export type Rule = keyof typeof RULES

export interface Violation {
  readonly rule: Rule
  /** The calls involved. */
  readonly operations: readonly Operation[]
  readonly explanation: string
}

const VIOLATIONS_MAX = 20

/** Collects violations, as many as a person would read. */
export class Findings {
  readonly violations: Violation[] = []

  get full(): boolean {
    return this.violations.length >= VIOLATIONS_MAX
  }

  add(rule: Rule, operations: readonly Operation[], explanation: string): void {
    if (!this.full) this.violations.push({ rule, operations, explanation })
  }
}
