import { sleep } from '../runtime/clock.ts'
import type { Entries, ReadRequest } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { SEAL_RETRY_MS, type Sealed } from './seals.ts'

const READ_DEADLINE_MS = 5_000
/** How long a recovery waits for a replica that vanishes while it is read. After that, the recovery begins anew. */
const RECOVERY_READ_PATIENCE_MS = 30_000

/** Reads from a replica's log. A replica may restart while it is read, and then has the same log: the call is repeated. */
export async function readLog({ network, clock, log }: Runtime, { replica }: Sealed, request: ReadRequest): Promise<Entries> {
  const until = clock.monotonicMs() + RECOVERY_READ_PATIENCE_MS
  for (;;) {
    try {
      return await network.call(replica.address, 'Order.Read', request, READ_DEADLINE_MS)
    } catch (error) {
      if (clock.monotonicMs() >= until) throw error
      log.warn({ error: (error as Error).message }, 'reading from the replica again')
      await sleep(clock, SEAL_RETRY_MS)
    }
  }
}

/** The digest of the first `length` entries of a replica's log, which has to be that long. */
export const logDigestAt = async (runtime: Runtime, from: Sealed, length: number): Promise<string> =>
  (await readLog(runtime, from, { from: length, limit: 0 })).digest
