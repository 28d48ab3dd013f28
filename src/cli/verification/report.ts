import { compare, referenceAmong, type Standing, type VerifiedCopy } from '../../storage/verify/verification.ts'
import type { Paint } from '../terminal.ts'
import { adviceOn } from './advice.ts'

const DIGEST_DIGITS_SHOWN = 12

/** A copy with its relation to the reference, which is undefined for the reference itself. */
export interface ComparedCopy {
  readonly copy: VerifiedCopy
  readonly standing: Standing | undefined
  /** Advice for the operator; undefined when all is well. */
  readonly advice: string | undefined
}

export interface VerificationReport {
  /** The copy that all others were compared with; undefined when there was none to compare with. */
  readonly reference: VerifiedCopy | undefined
  readonly copies: readonly ComparedCopy[]
  readonly isWell: boolean
}

/** Compares copies that were read before. */
export async function reportOn(copies: readonly VerifiedCopy[]): Promise<VerificationReport> {
  const reference = referenceAmong(copies)
  const standings: (Standing | undefined)[] = []
  for (const copy of copies) standings.push(reference && copy !== reference ? await compare(copy, reference) : undefined)
  return {
    reference,
    copies: copies.map((copy, at) => ({
      copy,
      standing: standings[at],
      advice: copy.findings.count === 0 ? undefined : adviceOn(copy, standings[at], copies, reference),
    })),
    isWell: copies.every(isSound),
  }
}

/** Returns the report for a program. The members' names are part of the interface. */
export function reportJson({ reference, copies, isWell }: VerificationReport): object {
  return {
    ok: isWell,
    comparedWith: reference?.source ?? null,
    copies: copies.map(({ copy, standing, advice }) => ({
      source: copy.source,
      kind: copy.kind,
      ok: isSound(copy),
      unverified: copy.unverified ?? null,
      clusterId: copy.clusterId ?? null,
      generation: copy.generation,
      length: copy.length,
      digest: copy.digest,
      standing: standing?.kind ?? null,
      problems: copy.findings.count,
      findings: copy.findings.kept,
      advice: advice ?? null,
    })),
  }
}

/** Returns the report for a person. */
export function reportLines(report: VerificationReport, paint: Paint): string[] {
  const { copies, reference } = report
  const lines = copies.flatMap((compared) => copyLines(compared, reference, paint))
  if (reference?.kind === 'order log') {
    lines.push('There is no ledger to compare with: the longest order log is taken instead. If the ledger belongs here, it is lost:')
    lines.push('the catalogue recovers it from all replicas at its next start.')
  }
  return [...lines, verdict(report, paint)]
}

function copyLines({ copy, standing, advice }: ComparedCopy, reference: VerifiedCopy | undefined, paint: Paint): string[] {
  const { unverified } = copy
  if (unverified !== undefined) return [`${paint('yellow', '???')}  ${copy.source}  ${copy.kind}, not verified`, `     ${unverified}`]
  const { findings, source, kind, length, digest } = copy
  const mark = isSound(copy) ? paint('green', 'ok ') : paint('red', 'BAD')
  const shown = digest === '' ? 'unknown' : digest.slice(0, DIGEST_DIGITS_SHOWN)
  const left = findings.count - findings.kept.length
  return [
    `${mark}  ${source}  ${kind}, ${length} entries, digest ${shown}${standingWords(standing, reference)}`,
    ...findings.kept.map(({ entry, what }) => `     ${entry === undefined ? '' : `entry ${entry}: `}${what}`),
    ...(left > 0 ? [`     … and ${left} more`] : []),
    ...(advice === undefined ? [] : [`     What to do: ${advice}`]),
  ]
}

function verdict({ copies, isWell, reference }: VerificationReport, paint: Paint): string {
  const count = copies.length === 1 ? '1 copy' : `${copies.length} copies`
  if (isWell) return paint('green', `All is well: ${count}, ${reference?.length ?? 0} entries.`)
  const unverified = copies.filter(({ copy }) => copy.unverified !== undefined).length
  const bad = copies.filter(({ copy }) => !isSound(copy)).length - unverified
  if (bad === 0) return paint('yellow', `Nothing bad was found, but ${unverified} of ${count} could not be verified.`)
  return paint('red', `Not well: ${bad} of ${count}${unverified > 0 ? `; ${unverified} could not be verified` : ''}.`)
}

function standingWords(standing: Standing | undefined, reference: VerifiedCopy | undefined): string {
  const other = reference?.kind === 'ledger' ? 'the ledger' : 'the longest order log'
  switch (standing?.kind) {
    case 'same':
      return `, same as ${other}`
    case 'behind':
      return `, ${standing.lacks} behind ${other}: it gets them when it runs`
    case 'empty':
      return ', belongs to no history yet'
    case 'parted':
    case 'other':
      return `, no prefix of ${other}`
    case 'unknown':
      return `, cannot be compared with ${other}`
    case undefined:
      return ''
  }
}

function isSound({ findings, unverified }: VerifiedCopy): boolean {
  return findings.count === 0 && unverified === undefined
}
