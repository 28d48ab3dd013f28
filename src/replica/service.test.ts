import { expect, test } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { MemoryDisk } from '../storage/memory/disk.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { Services } from '../wire/network.ts'
import type { Runtime } from '../wire/runtime.ts'
import { startOrderReplica } from './service.ts'

test('a replica whose disk is full cannot be elected, not even in the moment in which it begins to listen', async () => {
  const { runtime: world } = manualRuntime()
  const elections: Promise<unknown>[] = []
  const serve = async (port: number, { unary }: Services) => {
    const assignment = { followerOne: '', followerTwo: '', moreFollowers: [], epoch: 1, clusterId: '' }
    elections.push(unary['Order.AssignFollowers']!(assignment, { isGone: false }))
    return { port, close: async () => {} }
  }
  const runtime = { ...world, network: { ...world.network, serve } } as Runtime
  const log = memoryOrderLog({ diskId: 'disk-1', disk: new MemoryDisk(0) })
  const options = { port: 5001, replicaId: 1, catalogueAddress: 'catalogue:1', frontEndAddress: 'front-end:1', caching: true, log }
  const replica = await startOrderReplica(runtime, options)
  await expect(elections[0]).rejects.toThrow('this replica cannot lead: the disk in memory is full')
  await replica.close(0)
})
