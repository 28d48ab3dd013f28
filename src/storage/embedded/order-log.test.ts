import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { orderLogContract } from '../../../test/contract/order-log-contract.ts'
import type { OrderLog } from '../order-log.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'

/** Room for some thousand entries. */
const SCARCE_PAGES = 200

orderLogContract('embedded', async ({ diskId, room }) => {
  const folder = await mkdtemp(join(tmpdir(), 'order-log-'))
  const path = join(folder, 'orders.db')
  const opened: OrderLog[] = []
  const open = async (options: { pagesMax?: number }, newDiskId: string) => {
    const log = await openEmbeddedOrderLog(path, { newDiskId: () => newDiskId, onDamage: expect.unreachable, ...options })
    opened.push(log)
    return log
  }
  return {
    log: await open(room === 'scarce' ? { pagesMax: SCARCE_PAGES } : {}, diskId),
    reopen: () => open({}, 'the id of another disk'),
    remove: async () => {
      for (const log of opened) await log.close()
      await rm(folder, { recursive: true })
    },
  }
})
