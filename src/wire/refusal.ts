import { LIMITS } from '../domain/limits.ts'
import { fitsBytes } from '../domain/text.ts'
import type { Refusal } from './messages.ts'

const QUOTED_MAX = 1_000

/** Makes a message that says why a stream is refused. Without `more`, the reason is not the other end's log. */
export const refusal = (why: string, more: Partial<Refusal> = {}): Refusal => ({
  why: inWords(why),
  differs: false,
  lacksMuch: false,
  ...more,
})

/** Shortens words for people to what a message may hold. They may quote something long. */
export const inWords = (words: string): string => (fitsBytes(words, LIMITS.wordsBytesMax) ? words : `${words.slice(0, QUOTED_MAX)}…`)
