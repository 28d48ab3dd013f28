import { afterEach, describe, expect, it } from 'vitest'
import { decide } from '../../src/catalogue/decide.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import { OPENING_CATALOGUE, type Stock } from '../../src/domain/stock.ts'
import { chainDigest, genesisDigest, type Genesis } from '../../src/storage/chain.ts'
import { StorageFailure, type Decide, type Ledger } from '../../src/storage/ledger.ts'

/** The functions that the suite needs from an engine. */
export interface GivenLedger {
  readonly genesis: Genesis
  /** With scarce room, the disk is full before it holds 20,000 entries. */
  readonly room: 'ample' | 'scarce'
}

export interface LedgerUnderTest {
  readonly ledger: Ledger
  /** Opens the ledger's disk again, with ample room, after the ledger was closed. Missing when nothing outlives it. */
  reopen?(): Promise<Ledger>
  /** Closes and removes everything that the test has made. */
  remove(): Promise<void>
}

export const GENESIS: Genesis = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }

const request = (key: string, changes: Partial<OrderRequest> = {}): OrderRequest => ({
  key: `c:${key}`,
  fingerprint: `print of ${key}`,
  name: 'tesla',
  type: 'buy',
  quantity: 1,
  ...changes,
})

const requests = (count: number, prefix: string): OrderRequest[] =>
  Array.from({ length: count }, (_, index) => request(`${prefix}-${index}`, { type: index % 2 === 0 ? 'sell' : 'buy' }))

const levelOf = async (ledger: Ledger, name: string): Promise<Stock | undefined> =>
  (await ledger.stocks()).find((stock) => stock.name === name)

/** The rules of {@link Ledger}, for every engine. */
export function ledgerContract(name: string, open: (given: GivenLedger) => Promise<LedgerUnderTest>): void {
  describe(`ledger: ${name}`, () => {
    let opened: LedgerUnderTest[] = []

    const start = async (given: Partial<GivenLedger> = {}): Promise<LedgerUnderTest> => {
      const one = await open({ genesis: GENESIS, room: 'ample', ...given })
      opened.push(one)
      return one
    }
    const startLedger = async (given: Partial<GivenLedger> = {}): Promise<Ledger> => (await start(given)).ledger

    afterEach(async () => {
      for (const one of opened) await one.remove()
      opened = []
    })

    it('starts with the genesis and nothing else', async () => {
      const ledger = await startLedger()
      expect(ledger.head()).toEqual({
        genesis: GENESIS,
        generation: 0,
        length: 0,
        digest: genesisDigest(GENESIS),
        recoveredGeneration: 0,
        lastGeneration: 0,
        publishedAtLeast: 0,
      })
      expect(await ledger.stocks()).toEqual(OPENING_CATALOGUE)
      expect(await ledger.entries(0, 10)).toEqual([])
      expect(await ledger.digestAt(0)).toBe(genesisDigest(GENESIS))
      expect(await ledger.digestAt(1)).toBeUndefined()
      expect(await ledger.knownReplicas()).toEqual([])
    })

    it('decides a batch in order, and moves length, digest and levels', async () => {
      const ledger = await startLedger()
      await ledger.raiseGeneration(0)
      const batch = await ledger.decide(
        decide,
        [request('a', { quantity: 600 }), request('b', { quantity: 600 }), request('c', { type: 'sell', quantity: 5 })],
        1_700,
      )
      expect(batch.outcomes).toEqual([
        { kind: 'accepted', number: 0, replayed: false },
        { kind: 'rejected', reason: 'not-enough', position: 1, replayed: false },
        { kind: 'accepted', number: 1, replayed: false },
      ])
      expect(batch.entries).toEqual([
        { ...request('a', { quantity: 600 }), number: 0, generation: 1, timeMs: 1_700 },
        { ...request('c', { type: 'sell', quantity: 5 }), number: 1, generation: 1, timeMs: 1_700 },
      ])
      expect(batch.digest).toBe(batch.entries.reduce(chainDigest, genesisDigest(GENESIS)))
      expect(ledger.head()).toMatchObject({ length: batch.length, digest: batch.digest })
      expect(batch.length).toBe(2)
      expect(await levelOf(ledger, 'tesla')).toEqual({ name: 'tesla', priceCents: 18326, quantity: 405, volume: 705 })
      expect((await ledger.stocks()).map((stock) => stock.name)).toEqual(OPENING_CATALOGUE.map((stock) => stock.name))
    })

    it('answers a known key with what is on record, in one batch and in later ones', async () => {
      const ledger = await startLedger()
      const reused = request('a', { fingerprint: 'x' })
      const asked = [request('a'), request('none', { name: 'nobody' }), request('a'), reused]
      const first = await ledger.decide(decide, asked, 1)
      expect(first.outcomes.slice(2)).toEqual([{ kind: 'accepted', number: 0, replayed: true }, { kind: 'key-reused' }])
      expect(await ledger.recorded('c:a')).toMatchObject({ fingerprint: 'print of a', decision: { kind: 'accepted', number: 0 } })
      expect(await ledger.recorded('c:none')).toMatchObject({ decision: { kind: 'rejected', reason: 'stock-not-found' } })
      expect(await ledger.recorded('c:never')).toBeUndefined()
      const second = await ledger.decide(decide, asked, 2)
      expect(second.entries).toEqual([])
      expect(second).toMatchObject({ length: 1, digest: first.digest })
      expect(second.outcomes).toEqual([
        { kind: 'accepted', number: 0, replayed: true },
        { kind: 'rejected', reason: 'stock-not-found', position: 1, replayed: true },
        { kind: 'accepted', number: 0, replayed: true },
        { kind: 'key-reused' },
      ])
    })

    it('keeps every reason of a rejection', async () => {
      const full = { name: 'full', priceCents: 1, quantity: Number.MAX_SAFE_INTEGER, volume: 0 }
      const ledger = await startLedger({ genesis: { ...GENESIS, stocks: [full] } })
      const asked = [
        request('1', { name: 'nobody' }),
        request('2', { name: 'full', type: 'gift' }),
        request('3', { name: 'full', quantity: 0 }),
        request('4', { name: 'full', type: 'sell' }),
      ]
      const first = await ledger.decide(decide, asked, 1)
      const again = await ledger.decide(decide, asked, 2)
      expect(first.outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : outcome.kind))).toEqual([
        'stock-not-found',
        'invalid-type',
        'invalid-quantity',
        'level-limit',
      ])
      expect(again.outcomes).toEqual(first.outcomes.map((outcome) => ({ ...outcome, replayed: true })))
    })

    it('carries the largest levels and quantities exactly', async () => {
      const most = Number.MAX_SAFE_INTEGER
      const stocks = [{ name: 'tesla', priceCents: 0, quantity: most - 2_147_483_647, volume: 0 }]
      const ledger = await startLedger({ genesis: { ...GENESIS, stocks } })
      await ledger.decide(decide, [request('a', { type: 'sell', quantity: 2_147_483_647 })], most)
      expect(await levelOf(ledger, 'tesla')).toMatchObject({ quantity: most })
      expect(await ledger.entries(0, 1)).toMatchObject([{ quantity: 2_147_483_647, timeMs: most }])
    })

    it('keeps names and keys letter by letter', async () => {
      const odd = "Møøse & Søns' \u0000 株式 📈"
      const genesis = { ...GENESIS, stocks: [{ name: odd, priceCents: 1, quantity: 9, volume: 0 }] }
      const ledger = await startLedger({ genesis })
      const asked = [request(odd, { name: odd, fingerprint: odd })]
      await ledger.decide(decide, asked, 1)
      expect(await ledger.entries(0, 1)).toMatchObject(asked)
      expect((await ledger.decide(decide, asked, 2)).outcomes).toMatchObject([{ kind: 'accepted', number: 0, replayed: true }])
      expect(await levelOf(ledger, odd)).toMatchObject({ quantity: 8 })
    })

    it('L1: writes nothing of a batch whose decision fails, and goes on', async () => {
      const failing: Decide = (view, asked) => {
        if (asked.some((one) => one.name === 'bug')) throw new Error('a bug in the decision')
        return decide(view, asked)
      }
      const ledger = await startLedger()
      const before = ledger.head()
      await expect(ledger.decide(failing, [request('a'), request('b', { name: 'bug' })], 1)).rejects.toThrow('a bug in')
      expect(ledger.head()).toEqual(before)
      expect((await ledger.decide(failing, [request('a')], 1)).outcomes).toMatchObject([{ number: 0, replayed: false }])
    })

    it('L1: writes nothing of a batch with misnumbered entries', async () => {
      const misnumbering: Decide = (view, asked) => decide({ ...view, length: view.length + 1 }, asked)
      const ledger = await startLedger()
      const before = ledger.head()
      await expect(ledger.decide(misnumbering, [request('a')], 1)).rejects.toThrow(/invariant broken/)
      expect(ledger.head()).toEqual(before)
      expect(await ledger.stocks()).toEqual(OPENING_CATALOGUE)
    })

    it('L2: batches that arrive at once are decided in order, each on what the one before wrote', async () => {
      const ledger = await startLedger()
      const asked = Array.from({ length: 10 }, (_, index) => [request(`k${index}`, { quantity: 150 }), request('same')])
      const batches = await Promise.all(asked.map((batch) => ledger.decide(decide, batch, 1)))
      expect(batches.map((batch) => batch.length)).toEqual([2, 3, 4, 5, 6, 7, 7, 7, 7, 7])
      expect(batches.flatMap((batch) => batch.entries).map((entry) => entry.number)).toEqual([0, 1, 2, 3, 4, 5, 6])
      expect(batches.map((batch) => batch.outcomes[1])).toEqual(
        batches.map((_, index) => ({ kind: 'accepted', number: 1, replayed: index > 0 })),
      )
      expect(await levelOf(ledger, 'tesla')).toMatchObject({ quantity: 99 })
    })

    it('L3: after a failed write every call rejects', async () => {
      const { ledger } = await start({ room: 'scarce' })
      let acknowledged = 0
      const fill = async () => {
        for (let batch = 0; batch < 80; batch += 1) {
          acknowledged = (await ledger.decide(decide, requests(256, `fill-${batch}`), batch)).length
        }
      }
      await expect(fill()).rejects.toThrow(StorageFailure)
      expect(ledger.head().length).toBe(acknowledged)
      const calls = [
        () => ledger.decide(decide, [request('later')], 1),
        () => ledger.decide(decide, [], 1),
        () => ledger.stocks(),
        () => ledger.entries(0, 1),
        () => ledger.digestAt(0),
        () => ledger.flushPublished(),
        () => ledger.raiseGeneration(0),
        () => ledger.knownReplicas(),
        () => ledger.rememberReplica({ address: 'a:1', replicaId: 1 }),
        () => ledger.forgetReplica({ address: 'a:1', replicaId: 1 }),
        () => ledger.pruneRejections(1),
      ]
      for (const call of calls) await expect(call(), String(call)).rejects.toThrow(StorageFailure)
      await ledger.close()
    })

    it('gives entries and digests from anywhere', async () => {
      const ledger = await startLedger()
      const { entries } = await ledger.decide(decide, requests(100, 'a'), 5)
      expect(await ledger.entries(0, 100)).toEqual(entries)
      expect(await ledger.entries(40, 3)).toEqual(entries.slice(40, 43))
      expect(await ledger.entries(98, 10)).toEqual(entries.slice(98))
      expect(await ledger.entries(100, 10)).toEqual([])
      expect(await ledger.entries(500, 10)).toEqual([])
      expect(await ledger.entries(3, 0)).toEqual([])
      expect(await ledger.entries(-3, 1)).toEqual(entries.slice(0, 1))
      expect(await ledger.digestAt(60)).toBe(entries.slice(0, 60).reduce(chainDigest, genesisDigest(GENESIS)))
      expect(await ledger.digestAt(100)).toBe(ledger.head().digest)
      expect(await ledger.digestAt(101)).toBeUndefined()
      expect(await ledger.digestAt(-1)).toBeUndefined()
    })

    it('the published position never goes down and never beyond the length', async () => {
      const ledger = await startLedger()
      await ledger.decide(decide, requests(5, 'a'), 1)
      ledger.notePublished(3)
      ledger.notePublished(2)
      await ledger.flushPublished()
      expect(ledger.head().publishedAtLeast).toBe(3)
      ledger.notePublished(99)
      await ledger.flushPublished()
      expect(ledger.head().publishedAtLeast).toBe(5)
    })

    it('raises the generation above its own and the floor; new entries carry it', async () => {
      const ledger = await startLedger()
      await ledger.decide(decide, [request('a')], 1)
      expect(await ledger.raiseGeneration(0)).toBe(1)
      expect(await ledger.raiseGeneration(0)).toBe(2)
      expect(await ledger.raiseGeneration(2)).toBe(3)
      expect(await ledger.raiseGeneration(9)).toBe(10)
      expect(await ledger.raiseGeneration(4)).toBe(11)
      expect(ledger.head()).toMatchObject({ generation: 11, lastGeneration: 0 })
      await ledger.decide(decide, [request('b')], 1)
      expect(ledger.head()).toMatchObject({ generation: 11, lastGeneration: 11, recoveredGeneration: 0 })
      expect((await ledger.entries(0, 2)).map((entry) => entry.generation)).toEqual([0, 11])
    })

    it('remembers each replica once, where it was met last', async () => {
      const ledger = await startLedger()
      await ledger.rememberReplica({ address: 'b:2', replicaId: 2 })
      await ledger.rememberReplica({ address: 'a:1', replicaId: 1 })
      await ledger.rememberReplica({ address: 'c:2', replicaId: 2 }, { address: 'a:1', replicaId: 1 })
      expect(await ledger.knownReplicas()).toEqual([
        { address: 'a:1', replicaId: 1 },
        { address: 'c:2', replicaId: 2 },
      ])
    })

    it('forgets a replica only where it was met last', async () => {
      const ledger = await startLedger()
      await ledger.rememberReplica({ address: 'a:1', replicaId: 1 }, { address: 'b:2', replicaId: 2 })
      await ledger.forgetReplica({ address: 'elsewhere:1', replicaId: 1 })
      await ledger.forgetReplica({ address: 'b:2', replicaId: 2 })
      await ledger.forgetReplica({ address: 'never-met:3', replicaId: 3 })
      expect(await ledger.knownReplicas()).toEqual([{ address: 'a:1', replicaId: 1 }])
    })

    it('forgets old rejections, never entries', async () => {
      const ledger = await startLedger()
      const unknown = (key: string) => request(key, { name: 'nobody' })
      expect(await ledger.newestRejectionMs()).toBeUndefined()
      await ledger.decide(decide, [unknown('old'), request('accepted')], 500, 10)
      await ledger.decide(decide, [unknown('new')], 300, 20)
      expect(await ledger.newestRejectionMs()).toBe(20)
      expect(await ledger.pruneRejections(20)).toBe(1)
      expect(await ledger.pruneRejections(20)).toBe(0)
      const { outcomes } = await ledger.decide(decide, [unknown('old'), unknown('new'), request('accepted')], 30)
      expect(outcomes.map((outcome) => 'replayed' in outcome && outcome.replayed)).toEqual([false, true, true])
    })

    it('takes no calls once it is closed', async () => {
      const ledger = await startLedger()
      await ledger.close()
      await ledger.close()
      await expect(ledger.decide(decide, [request('a')], 1)).rejects.toThrow(/closed/)
      await expect(ledger.entries(0, 1)).rejects.toThrow(/closed/)
    })

    it('everything that was answered is there after it was opened again', async () => {
      const { ledger, reopen } = await start()
      if (!reopen) return
      await ledger.raiseGeneration(0)
      const asked = [...requests(300, 'a'), request('none', { name: 'nobody' })]
      const first = await ledger.decide(decide, asked, 7)
      ledger.notePublished(200)
      await ledger.rememberReplica({ address: 'a:1', replicaId: 1 })
      const last = await ledger.decide(decide, requests(1, 'carries the published position'), 8)
      const stocks = await ledger.stocks()
      const head = ledger.head()
      await ledger.close()
      const again = await reopen()
      expect(again.head()).toEqual(head)
      expect(again.head()).toMatchObject({ publishedAtLeast: 200, generation: 1, lastGeneration: 1, length: 301, digest: last.digest })
      expect(await again.stocks()).toEqual(stocks)
      expect(await again.entries(0, 300)).toEqual(first.entries)
      expect(await again.knownReplicas()).toEqual([{ address: 'a:1', replicaId: 1 }])
      const replayed = await again.decide(decide, asked, 9)
      expect(replayed.outcomes).toEqual(first.outcomes.map((outcome) => ({ ...outcome, replayed: true })))
      expect(replayed.digest).toBe(last.digest)
    })

    it('a full disk loses nothing that was answered, and keeps no half of a batch', async () => {
      const { ledger, reopen } = await start({ room: 'scarce' })
      if (!reopen) return
      let answered = ledger.head()
      for (let batch = 0; batch < 80; batch += 1) {
        const failed = await ledger.decide(decide, requests(256, `fill-${batch}`), batch).then(
          () => false,
          () => true,
        )
        if (failed) break
        answered = ledger.head()
      }
      await ledger.close()
      const again = await reopen()
      expect(answered.length).toBeGreaterThan(0)
      expect(again.head()).toEqual(answered)
      await again.decide(decide, requests(10, 'after'), 1)
      expect(again.head().length).toBe(answered.length + 10)
    })
  })
}
