import { ledgerContract } from '../../../test/contract/ledger-contract.ts'
import { MemoryDisk } from './disk.ts'
import { memoryLedgerStore } from './ledger-store.ts'
import { memoryLedger } from './ledger.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const SCARCE_WRITES = 5

ledgerContract('memory', async ({ genesis, room }) => {
  const ledger = memoryLedger({ genesis, disk: new MemoryDisk(room === 'scarce' ? SCARCE_WRITES : undefined) })
  return { ledger, remove: () => ledger.close() }
})

ledgerContract('memory, in a store', async ({ genesis, room }) => {
  let writesMax = room === 'scarce' ? SCARCE_WRITES : undefined
  const store = memoryLedgerStore({ disk: () => new MemoryDisk(writesMax) })
  return {
    ledger: await newLedger(store, genesis),
    reopen: async () => {
      writesMax = undefined
      const opening = await store.open()
      if (opening.kind !== 'ready') throw new Error(`the ledger is ${opening.kind}`)
      return opening.ledger
    },
    remove: async () => {},
  }
})
