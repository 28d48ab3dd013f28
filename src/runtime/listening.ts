import { sleep, type Clock } from './clock.ts'

/** How long a taken port is tried again. Linux takes ports of its range for outgoing connections, so one may be held briefly. */
const RETRY_FOR_MS = 2_000
const RETRY_EVERY_MS = 100

/** Calls `open`, which listens on a port, again while another program holds the port. Gives up after two seconds. */
export async function whilePortIsTaken<T>(clock: Clock, open: () => Promise<T>): Promise<T> {
  const giveUpAtMs = clock.monotonicMs() + RETRY_FOR_MS
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!isTaken(error)) throw error
      if (clock.monotonicMs() >= giveUpAtMs)
        throw new Error('another program holds it (`ss -ltnp` names it): end it, or choose another port', { cause: error })
      await sleep(clock, RETRY_EVERY_MS)
    }
  }
}

/** Says whether an error means that the port is taken. grpc-js tells the reason only in the message. */
export const isTaken = (error: unknown): boolean => String((error as Error).message).includes('EADDRINUSE')
