import { describe, expect, it } from 'vitest'
import { ledgerStoreContract } from '../../../test/contract/ledger-store-contract.ts'
import { decide } from '../../catalogue/decide.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { memoryLedgerStore } from './ledger-store.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

ledgerStoreContract('memory', async () => {
  const store = memoryLedgerStore()
  return {
    store,
    damage: async () => store.damage('a bit has flipped'),
    archived: async () => store.replaced.length,
    remove: async () => {},
  }
})

describe('memory ledger store', () => {
  const request = (key: string) => ({ key, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 })

  it('can be lost, and restored to an earlier state', async () => {
    const store = memoryLedgerStore()
    const ledger = await newLedger(store, { clusterId: 'c-1', stocks: OPENING_CATALOGUE })
    await ledger.raiseGeneration(0)
    await ledger.decide(decide, [request('a'), { ...request('no'), name: 'nobody' }], 1)
    await ledger.rememberReplica({ replicaId: 1, address: 'a:1' })
    const early = store.snapshot()
    const headThen = ledger.head()
    await ledger.decide(decide, [request('b')], 2)

    store.lose()
    expect(await store.open()).toEqual({ kind: 'missing' })
    store.restore(early)
    const opening = await store.open()
    if (opening.kind !== 'ready') throw new Error(opening.kind)
    expect(opening.ledger.head()).toEqual(headThen)
    expect(await opening.ledger.knownReplicas()).toHaveLength(1)
    const { outcomes } = await opening.ledger.decide(decide, [request('a'), { ...request('no'), name: 'nobody' }, request('b')], 3)
    expect(outcomes.map((outcome) => 'replayed' in outcome && outcome.replayed)).toEqual([true, true, false])

    await ledger.decide(decide, [request('c')], 4) // This ledger was opened before the loss, and writes to nowhere.
    expect(opening.ledger.head().length).toBe(2)
    store.restore(early)
    const again = await store.open()
    expect(again.kind === 'ready' && again.ledger.head()).toEqual(headThen)
  })

  it('stays damaged until it is rebuilt, restored or lost', async () => {
    const store = memoryLedgerStore()
    await newLedger(store, { clusterId: 'c-1', stocks: OPENING_CATALOGUE })
    const sound = store.snapshot()
    store.damage('a bit has flipped')
    expect(await store.open()).toEqual({ kind: 'damaged', why: 'a bit has flipped' })
    store.restore(sound)
    expect(await store.open()).toMatchObject({ kind: 'ready' })
    store.damage('again')
    store.lose()
    expect(await store.open()).toEqual({ kind: 'missing' })
  })
})
