import { statSync } from 'node:fs'
import { reportLines, reportOn, type VerificationReport } from '../../src/cli/verification/report.ts'
import { verifyFile } from '../../src/storage/verify/verified-file.ts'
import { StorageFailure } from '../../src/storage/ledger.ts'
import type { CopyKind, Progress } from '../../src/storage/verify/verification.ts'

const SILENT: Progress = { begin: () => {}, advance: () => {} }

/** A file that a process has left. */
export interface LeftFile {
  readonly path: string
  readonly kind: CopyKind
  /** True when a fault has damaged the file, and its process has not put it aside since. */
  readonly isDamaged: boolean
}

/** Identifies the file that has this name at the moment. After it was put aside, another file has the name. */
export const identityOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

/**
 * Reads all files of a system that has ended, as `bazaar verify` does, and returns complaints. All files have to be sound, and
 * hold `length` entries. A file that a fault has damaged, and whose process has not noticed, may also be called unsound.
 */
export async function verifyFiles(files: readonly LeftFile[], length: number): Promise<string[]> {
  const sound = files.filter(({ isDamaged }) => !isDamaged)
  const violations = await problemsOf(sound, length)
  for (const damaged of files.filter(({ isDamaged }) => isDamaged)) {
    const report = await reportOf([damaged, ...sound])
    if (typeof report === 'string' || !report.isWell || areTheSame(report)) continue
    violations.push(`verify is silent about the damage of ${damaged.path}: ${wordsOf(report)}`)
  }
  return violations
}

async function problemsOf(files: readonly LeftFile[], length: number): Promise<string[]> {
  const report = await reportOf(files)
  if (typeof report === 'string') return [`verify: ${report}`]
  if (!report.isWell || !areTheSame(report)) return [`verify: ${wordsOf(report)}`]
  const others = report.copies.filter(({ copy }) => copy.length !== length)
  return others.map(({ copy }) => `${copy.source} holds ${copy.length} entries, and had ${length} before it was closed`)
}

/** Returns the report, or a text when a file cannot be read at all. */
async function reportOf(files: readonly LeftFile[]): Promise<VerificationReport | string> {
  const copies: ReturnType<typeof verifyFile>[] = []
  try {
    for (const { path, kind } of files) copies.push(verifyFile(path, kind, SILENT))
    return await reportOn(copies)
  } catch (error) {
    if (error instanceof StorageFailure) return error.message
    throw error
  } finally {
    for (const copy of copies) copy.close()
  }
}

const areTheSame = ({ copies }: VerificationReport): boolean =>
  copies.every(({ standing }) => standing === undefined || standing.kind === 'same')

const wordsOf = (report: VerificationReport): string => reportLines(report, (_, text) => text).join('; ')
