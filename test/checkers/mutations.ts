import { ANSWER_MUTATIONS } from './answer-mutations.ts'
import type { Mutation } from './breaking.ts'
import { LOG_MUTATIONS } from './log-mutations.ts'
import { READ_MUTATIONS } from './read-mutations.ts'

/** Ways to break the promise, by name. Each result is a violation whatever the rest of the recording says. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  ...LOG_MUTATIONS,
  ...ANSWER_MUTATIONS,
  ...READ_MUTATIONS,
}
