import { LIMITS } from '../domain/limits.ts'
import { fitsBytes } from '../domain/text.ts'
import type { Refusal } from './messages.ts'

const QUOTED_MAX = 1_000

/** Why a stream is not taken on; without more, it is nothing about the other end's log. */
export const refusal = (why: string, more: Partial<Refusal> = {}): Refusal => ({
  why: inWords(why),
  differs: false,
  lacksMuch: false,
  ...more,
})

/** Words for people, as many as a message may hold: what they quote may be long. */
export const inWords = (words: string): string => (fitsBytes(words, LIMITS.wordsBytesMax) ? words : `${words.slice(0, QUOTED_MAX)}…`)
