import { describe, expect, it } from 'vitest'
import { orderLogContract } from '../../../test/contract/order-log-contract.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { chainDigest, genesisDigest } from '../chain.ts'
import { MemoryDisk } from './disk.ts'
import { memoryOrderLog } from './order-log.ts'

orderLogContract('memory', async ({ diskId, room }) => {
  const log = memoryOrderLog({ diskId, disk: new MemoryDisk(room === 'scarce' ? 5 : undefined) })
  return { log, remove: () => log.close() }
})

describe('memory order log', () => {
  it('keeps what was cut off', async () => {
    const genesis = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
    const order = { name: 'tesla', type: 'buy', quantity: 1, generation: 1, fingerprint: 'print', timeMs: 1 } as const
    const entries = [0, 1, 2].map((number) => ({ ...order, number, key: `c:${number}` }))
    const log = memoryOrderLog({ diskId: 'disk-1' })
    await log.seal(1, genesis)
    await log.append(entries, entries.reduce(chainDigest, genesisDigest(genesis)))
    await log.cut(2)
    await log.cut(2)
    await log.cut(1)
    expect(log.cutTails).toEqual([[entries[2]], [entries[1]]])
  })
})
