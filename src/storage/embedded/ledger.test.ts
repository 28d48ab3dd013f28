import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ledgerContract } from '../../../test/contract/ledger-contract.ts'
import type { Ledger } from '../ledger.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

/** Room for some thousand entries. */
const SCARCE_PAGES = 200

ledgerContract('embedded', async ({ genesis, room }) => {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
  const path = join(folder, 'ledger.db')
  const opened: Ledger[] = []
  const keep = (ledger: Ledger): Ledger => {
    opened.push(ledger)
    return ledger
  }
  const store = embeddedLedgerStore(path, room === 'scarce' ? { pagesMax: SCARCE_PAGES } : {})
  return {
    ledger: keep(await newLedger(store, genesis)),
    reopen: async () => {
      const opening = await embeddedLedgerStore(path).open()
      if (opening.kind !== 'ready') throw new Error(`the ledger is ${opening.kind}`)
      return keep(opening.ledger)
    },
    remove: async () => {
      for (const ledger of opened) await ledger.close()
      await rm(folder, { recursive: true })
    },
  }
})
