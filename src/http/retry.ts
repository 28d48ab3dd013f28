import type { Random } from '../runtime/random.ts'

const FIRST_RETRY_DELAY_MS = 50
const LONGEST_RETRY_DELAY_MS = 1_000

/**
 * Returns how long to wait after the `failures`-th failed attempt. The time doubles from 50 ms to 1 s. When the server asked
 * for a longer time, that one is taken. The jitter spreads clients that failed together over half as much again.
 */
export function retryDelayMs(failures: number, retryAfterMs: number, random: Random): number {
  const backOffMs = Math.min(LONGEST_RETRY_DELAY_MS, FIRST_RETRY_DELAY_MS * 2 ** (failures - 1))
  return Math.max(backOffMs, retryAfterMs) * (1 + fraction(random) / 2)
}

/** Returns a random number from 0 up to, not including, 1. */
export const fraction = (random: Random): number => Number.parseInt(random.id(6), 16) / 2 ** 48
