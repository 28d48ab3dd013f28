import { sleep, type Clock } from './clock.ts'

/** The fixed ports lie where Linux takes ports for outgoing connections from: another program may hold one for a moment. */
const RETRY_FOR_MS = 2_000
const RETRY_EVERY_MS = 100

/** Calls `open`, which listens on a port, again while another program holds that; gives up after two seconds. */
export async function whilePortIsTaken<T>(clock: Clock, open: () => Promise<T>): Promise<T> {
  const giveUpAtMs = clock.monotonicMs() + RETRY_FOR_MS
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!isTaken(error)) throw error
      if (clock.monotonicMs() >= giveUpAtMs) throw new Error('another program holds it (`ss -ltnp` names it): end it, or choose another port', { cause: error })
      await sleep(clock, RETRY_EVERY_MS)
    }
  }
}

/** grpc-js tells the reason in words only. */
export const isTaken = (error: unknown): boolean => String((error as Error).message).includes('EADDRINUSE')
