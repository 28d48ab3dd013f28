import type { SentLoad } from './results.ts'

/** Below this share of the rate that was asked for, the generator is the limit. */
const SENT_SHARE_MIN = 0.95

/** Returns notes for the reader about generators that did not send all that they should. */
export function loadNotes(runs: readonly (SentLoad & { readonly system: string })[]): string[] {
  const note = (isSo: (load: SentLoad) => boolean, words: (systems: string) => string) => {
    const systems = new Set(runs.filter(isSo).map(({ system }) => system))
    return systems.size > 0 ? [words([...systems].join(', '))] : []
  }
  return [
    ...note(
      ({ sentPerSecond, askedPerSecond }) => sentPerSecond < SENT_SHARE_MIN * askedPerSecond,
      (systems) => `The load itself was the limit against ${systems}: see sent/s.`,
    ),
    ...note(
      ({ unopened }) => unopened > 0,
      (systems) => `Fewer connections than wanted stood at the start against ${systems}.`,
    ),
    ...note(
      ({ waited }) => waited > 0,
      (systems) => `Requests waited since all connections were busy: ${systems}.`,
    ),
  ]
}
