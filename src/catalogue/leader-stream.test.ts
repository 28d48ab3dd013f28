import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import type { ServedStream } from '../wire/network.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { CatalogueToLeader } from '../wire/messages.ts'
import { LeaderStream, type LeaderStreamContext } from './leader-stream.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const HEAD = { genesis: GENESIS, generation: 7, length: LIMITS.leaderGapMax + 1 }

/** What a catalogue with a long ledger answers to the hello of a leader whose log is empty. */
async function answerTo(clusterId: string): Promise<CatalogueToLeader> {
  const sent: CatalogueToLeader[] = []
  const stream = { send: (message) => void sent.push(message), close: () => {} } as ServedStream<CatalogueToLeader>
  const context = {
    ledger: { head: () => HEAD },
    log: silentLogger,
    introduce: () => {},
    refusal: () => undefined,
    lookAgain: async () => undefined,
    showsLoss: () => false,
  } as unknown as LeaderStreamContext
  const hello = { replicaId: 1, address: 'order-1:1', clusterId, length: 0, digest: '', sealedGeneration: 0, lastGeneration: 0 }
  new LeaderStream(context, stream).message({ hello })
  await expect.poll(() => sent).toHaveLength(1)
  return sent[0]!
}

test.each([
  ['of no history', ''],
  ['of this history', 'c-1'],
  ['of one that never began', 'c-2'],
])('an empty log %s has to read much, and is told whose history that is', async (_what, clusterId) => {
  const { refused } = await answerTo(clusterId)
  expect(refused).toMatchObject({ lacksMuch: true, adopt: { generation: 7, genesis: GENESIS } })
})
