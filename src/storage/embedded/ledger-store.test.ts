import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ledgerStoreContract } from '../../../test/contract/ledger-store-contract.ts'
import { embeddedLedgerStore } from './ledger-store.ts'

ledgerStoreContract('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-store-'))
  const path = join(folder, 'catalog.db')
  return {
    store: embeddedLedgerStore(path),
    damage: () => truncate(path, 10_000),
    archived: async () => (await readdir(folder)).filter((name) => /^catalog\.db\.replaced-\d+$/.test(name)).length,
    remove: () => rm(folder, { recursive: true }),
  }
})
