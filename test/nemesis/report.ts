import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordingLines } from '../checkers/history-file.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import type { RoundResult } from './round.ts'

/** The results of all rounds. */
export interface Summary {
  readonly rounds: number
  readonly failedSeeds: readonly number[]
  /** Operations whose history was checked. */
  readonly operations: number
  readonly orders: number
  readonly faults: Readonly<Partial<Record<FaultKind, { readonly count: number; readonly longestPauseMs: number }>>>
  /** Kinds that this machine cannot make, and why. */
  readonly skipped: Readonly<Partial<Record<FaultKind, string>>>
  readonly violations: number
}

/** The part of a round's result that is kept. A long run keeps no histories. */
export interface Tally {
  readonly seed: number
  readonly operations: number
  readonly orders: number
  readonly violations: number
  readonly strikes: RoundResult['strikes']
  readonly longestPauseMs: RoundResult['longestPauseMs']
}

export function tallyOf({ seed, history, violations, strikes, longestPauseMs }: RoundResult): Tally {
  const [operations, orders] = [history.operations.length, history.log.length]
  return { seed, operations, orders, violations: violations.length, strikes, longestPauseMs }
}

export function summarize(results: readonly Tally[], skipped: Summary['skipped']): Summary {
  const sum = (count: (result: Tally) => number) => results.reduce((total, result) => total + count(result), 0)
  const faults = FAULT_KINDS.flatMap((kind) => {
    const count = sum(({ strikes }) => strikes.filter((strike) => strike.kind === kind).length)
    const longestPauseMs = Math.round(Math.max(0, ...results.map((result) => result.longestPauseMs.get(kind) ?? 0)))
    return count > 0 ? [[kind, { count, longestPauseMs }] as const] : []
  })
  return {
    rounds: results.length,
    failedSeeds: results.filter(({ violations }) => violations > 0).map(({ seed }) => seed),
    operations: sum((result) => result.operations),
    orders: sum((result) => result.orders),
    faults: Object.fromEntries(faults),
    skipped,
    violations: sum((result) => result.violations),
  }
}

export function summaryLines(summary: Summary): string[] {
  const { rounds, operations, orders, faults, skipped, violations, failedSeeds } = summary
  return [
    row('fault', 'times', 'longest pause, ms'),
    ...Object.entries(faults).map(([kind, { count, longestPauseMs }]) => row(kind, count, longestPauseMs)),
    'A pause counts for every kind that was there while it lasted, or up to 1.5 s before.',
    ...Object.entries(skipped).map(([kind, why]) => `SKIPPED ${kind}: ${why}`),
    `${rounds} rounds, ${operations} operations checked, ${orders} orders, ${violations} violations`,
    ...(failedSeeds.length > 0 ? [`failed seeds: ${failedSeeds.join(', ')}`] : []),
  ]
}

const row = (kind: string, count: number | string, pause: number | string): string =>
  `${kind.padEnd(16)}${String(count).padStart(7)}${String(pause).padStart(18)}`

/** Writes all that a person needs to find the mistake. Returns the folder. */
export function writeFailure(out: string, { seed, history, transcript, outputs }: RoundResult): string {
  const folder = join(out, `seed-${seed}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'history.jsonl'), `${[...recordingLines(history)].join('\n')}\n`)
  writeFileSync(join(folder, 'transcript.txt'), `${transcript.join('\n')}\n`)
  for (const [name, output] of outputs) writeFileSync(join(folder, `${name}.log`), output)
  return folder
}
