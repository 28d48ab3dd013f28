import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ledgerContract } from '../../../test/contract/ledger-contract.ts'
import type { Ledger } from '../ledger.ts'
import { openEmbeddedLedger } from './ledger.ts'

/** Room for some thousand entries. */
const SCARCE_PAGES = 200

ledgerContract('embedded', async ({ decide, genesis, room }) => {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
  const path = join(folder, 'ledger.db')
  const opened: Ledger[] = []
  const open = async (options: { pagesMax?: number }) => {
    const ledger = await openEmbeddedLedger(path, { decide, newGenesis: () => genesis, ...options })
    opened.push(ledger)
    return ledger
  }
  return {
    ledger: await open(room === 'scarce' ? { pagesMax: SCARCE_PAGES } : {}),
    reopen: () => open({}),
    remove: async () => {
      for (const ledger of opened) await ledger.close()
      await rm(folder, { recursive: true })
    },
  }
})
