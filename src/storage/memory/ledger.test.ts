import { ledgerContract } from '../../../test/contract/ledger-contract.ts'
import { MemoryDisk } from './disk.ts'
import { memoryLedger } from './ledger.ts'

ledgerContract('memory', async ({ decide, genesis, room }) => {
  const ledger = memoryLedger({ decide, genesis, disk: new MemoryDisk(room === 'scarce' ? 5 : undefined) })
  return { ledger, remove: () => ledger.close() }
})
