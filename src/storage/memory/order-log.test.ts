import { orderLogContract } from '../../../test/contract/order-log-contract.ts'
import { MemoryDisk } from './disk.ts'
import { memoryOrderLog } from './order-log.ts'

orderLogContract('memory', async ({ diskId, room }) => {
  const log = memoryOrderLog({ diskId, disk: new MemoryDisk(room === 'scarce' ? 5 : undefined) })
  return { log, remove: () => log.close() }
})
