import type { Refusal } from './messages.ts'

/** Why a stream is not taken on; without more, it is nothing about the other end's log. */
export const refusal = (why: string, more: Partial<Refusal> = {}): Refusal => ({ why, differs: false, lacksMuch: false, ...more })
