import type { Findings } from './findings.ts'
import { Damage, ImpossibleValue } from '../embedded/file/damage.ts'
import { isCorruption, isForeignSchema, isIntegerOutOfRange } from '../embedded/file/sqlite-error.ts'

/**
 * Says what a failed read shows about the file. Throws the error when it shows nothing about the file: the file could not be
 * read for reasons of its surroundings, or this program is wrong.
 */
export function asFinding(error: unknown): string {
  const isOfTheFile = error instanceof Damage || error instanceof ImpossibleValue || isCorruption(error) || isForeignSchema(error)
  if (isOfTheFile || isIntegerOutOfRange(error)) return error.message
  throw error
}

/** Runs `read`. A failure that shows something about the file becomes a finding. */
export function attempt<T>(findings: Findings, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    findings.add(asFinding(error))
    return undefined
  }
}
