import type { Genesis } from '../../src/storage/chain.ts'
import type { Ledger, LedgerStore, LogPage } from '../../src/storage/ledger.ts'

/** Begins a history, as a catalogue does that has found no replica with orders. The ledger is in no generation yet. */
export const newLedger = (store: LedgerStore, genesis: Genesis): Promise<Ledger> =>
  store.rebuild({ genesis, generation: 0, replicas: [] }, noPages())

async function* noPages(): AsyncIterable<LogPage> {}
