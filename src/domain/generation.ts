import { LIMITS } from './limits.ts'

/**
 * Whether a process that knows generations up to `known` believes this one. Generations count the starts of a catalogue:
 * one that no catalogue can have come to is refused, since whoever took it in could follow no real one any more.
 */
export const isBelievable = (generation: number, known: number): boolean =>
  generation <= Math.min(LIMITS.generationMax, Math.max(known, LIMITS.generationBelievedMax) + LIMITS.generationStepMax)
