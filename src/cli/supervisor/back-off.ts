/** A process that lived this long counts as sound again. */
const SOUND_AFTER_MS = 10_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000

/** How often a process has died in a row without having lived long enough in between. */
export interface BackOff {
  readonly deaths: number
}

export const NO_DEATHS: BackOff = { deaths: 0 }

/** Returns the back-off after a death at the age `livedMs`, and how long to wait before the next start. */
export function afterDeath(before: BackOff, livedMs: number): { readonly next: BackOff; readonly delayMs: number } {
  const deaths = livedMs >= SOUND_AFTER_MS ? 1 : before.deaths + 1
  return { next: { deaths }, delayMs: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (deaths - 1)) }
}
