import { afterEach, describe, expect, it } from 'vitest'
import { decide } from '../../src/catalogue/decide.ts'
import type { Entry } from '../../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { chainDigest, genesisDigest, type Genesis } from '../../src/storage/chain.ts'
import type { Ledger, LedgerOpening, LedgerStore, LogPage, RebuildOrigin } from '../../src/storage/ledger.ts'
import { newLedger } from './new-ledger.ts'

export interface LedgerStoreUnderTest {
  readonly store: LedgerStore
  /** Damages the ledger, which is closed. */
  damage(): Promise<void>
  /** Resolves with the number of earlier ledgers that the store has kept. */
  archived(): Promise<number>
  remove(): Promise<void>
}

const GENESIS: Genesis = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const START = genesisDigest(GENESIS)
const REPLICAS = [
  { replicaId: 1, address: 'one:1' },
  { replicaId: 2, address: 'two:2' },
]

const originAt = (generation: number): RebuildOrigin => ({ genesis: GENESIS, generation, replicas: REPLICAS })

const entry = (number: number, changes: Partial<Entry> = {}): Entry => ({
  number,
  generation: 1 + Math.floor(number / 100),
  key: `c:key-${number}`,
  fingerprint: `print-${number}`,
  name: number % 3 === 0 ? 'ford' : 'tesla',
  type: number % 2 === 0 ? 'sell' : 'buy',
  quantity: 2,
  timeMs: 1_700_000_000_000 + number,
  ...changes,
})

const range = (from: number, end: number): Entry[] => Array.from({ length: end - from }, (_, index) => entry(from + index))

const digestOf = (entries: readonly Entry[], before = START): string => entries.reduce(chainDigest, before)

/** Gives the entries in pages of 64. */
async function* pagesOf(entries: readonly Entry[]): AsyncIterable<LogPage> {
  let digest = START
  for (let from = 0; from < entries.length; from += 64) {
    const page = entries.slice(from, from + 64)
    digest = digestOf(page, digest)
    yield { entries: page, digest }
  }
}

async function* only(...pages: readonly LogPage[]): AsyncIterable<LogPage> {
  yield* pages
}

async function* breakingOff(): AsyncIterable<LogPage> {
  yield* pagesOf(range(0, 64))
  throw new Error('the replica is gone')
}

const readyLedger = (opening: LedgerOpening): Ledger => {
  if (opening.kind !== 'ready') throw new Error(`the ledger is ${opening.kind}`)
  return opening.ledger
}

/** The rules of {@link LedgerStore}, for every engine. */
export function ledgerStoreContract(name: string, make: () => Promise<LedgerStoreUnderTest>): void {
  describe(`ledger store: ${name}`, () => {
    let made: LedgerStoreUnderTest[] = []

    const start = async (): Promise<LedgerStoreUnderTest> => {
      const one = await make()
      made.push(one)
      return one
    }
    /** Makes a store whose ledger has 5 entries, and is closed. */
    const startWithFive = async (): Promise<LedgerStoreUnderTest> => {
      const one = await start()
      const ledger = await newLedger(one.store, GENESIS)
      await ledger.raiseGeneration(0)
      await ledger.decide(decide, range(0, 5), 1)
      await ledger.close()
      return one
    }

    afterEach(async () => {
      for (const one of made) await one.remove()
      made = []
    })

    it('is missing first, then created, then ready, with or without entries', async () => {
      const { store, archived } = await start()
      expect(await store.open()).toEqual({ kind: 'missing' })
      expect(await store.open()).toEqual({ kind: 'missing' })
      const fresh = await newLedger(store, GENESIS)
      expect(fresh.head()).toMatchObject({ genesis: GENESIS, length: 0, generation: 0, recoveredGeneration: 0 })
      await fresh.close()
      const empty = readyLedger(await store.open())
      expect(empty.head()).toEqual(fresh.head())
      await empty.decide(decide, range(0, 3), 1)
      await empty.close()
      const ledger = readyLedger(await store.open())
      expect(ledger.head().length).toBe(3)
      await ledger.close()
      expect(await archived()).toBe(0)
    })

    it('says that it is damaged, and why, as often as it is asked', async () => {
      const { store, damage } = await startWithFive()
      await damage()
      for (let time = 0; time < 2; time += 1) {
        expect(await store.open()).toEqual({ kind: 'damaged', why: expect.stringMatching(/\w/) })
      }
    })

    it('rebuilds entries, levels and keys from a log, and remembers the replicas that it is given', async () => {
      const { store, archived } = await start()
      const entries = range(0, 300)
      const ledger = await store.rebuild(originAt(7), pagesOf(entries))
      const head = {
        genesis: GENESIS,
        generation: 7,
        recoveredGeneration: 7,
        lastGeneration: 3,
        length: 300,
        digest: digestOf(entries),
        publishedAtLeast: 299, // Nobody knows how much of it was shown.
      }
      expect(ledger.head()).toEqual(head)
      expect(await ledger.entries(0, 1_000)).toEqual(entries)
      expect(await ledger.digestAt(64)).toBe(digestOf(range(0, 64)))
      const stocks = await ledger.stocks()
      expect(stocks.map((stock) => stock.name)).toEqual(OPENING_CATALOGUE.map((stock) => stock.name))
      expect(stocks.find((stock) => stock.name === 'ford')).toMatchObject({ quantity: 1_000, volume: 300 })
      expect(stocks.find((stock) => stock.name === 'tesla')).toMatchObject({ quantity: 1_000, volume: 500 })
      expect(stocks.find((stock) => stock.name === 'nike')).toMatchObject({ quantity: 1_000, volume: 100 })
      const again = await ledger.decide(decide, [entry(17), entry(300)], 9)
      expect(again.outcomes).toMatchObject([
        { number: 17, replayed: true },
        { number: 300, replayed: false },
      ])
      expect(await ledger.raiseGeneration(0)).toBe(8)
      await ledger.close()
      const reopened = readyLedger(await store.open())
      expect(reopened.head()).toMatchObject({ generation: 8, recoveredGeneration: 7, lastGeneration: 7, length: 301 })
      expect(await reopened.knownReplicas()).toEqual(REPLICAS)
      await reopened.close()
      expect(await archived()).toBe(0)
    })

    it('rebuilds the same levels as were decided', async () => {
      const [{ store }, copy] = [await start(), await start()]
      const decided = await newLedger(store, GENESIS)
      const asked = range(0, 200).map((one) => ({ ...one, name: OPENING_CATALOGUE[one.number % 10]?.name ?? '' }))
      await decided.decide(decide, asked, 5)
      const rebuilt = await copy.store.rebuild(originAt(1), pagesOf(await decided.entries(0, 200)))
      expect(await rebuilt.stocks()).toEqual(await decided.stocks())
      expect(rebuilt.head()).toMatchObject({ length: decided.head().length, digest: decided.head().digest })
      await decided.close()
      await rebuilt.close()
    })

    it('rebuilds an empty log', async () => {
      const { store } = await start()
      const ledger = await store.rebuild(originAt(4), only({ entries: [], digest: START }))
      expect(ledger.head()).toMatchObject({ length: 0, digest: START, generation: 4, recoveredGeneration: 4 })
      await ledger.close()
    })

    it('L4: keeps what it replaces, usable or not', async () => {
      const { store, damage, archived } = await startWithFive()
      await (await store.rebuild(originAt(2), pagesOf(range(0, 50)))).close()
      expect(await archived()).toBe(1)
      await damage()
      await (await store.rebuild(originAt(3), pagesOf(range(0, 60)))).close()
      expect(await archived()).toBe(2)
      const ledger = readyLedger(await store.open())
      expect(ledger.head()).toMatchObject({ length: 60, generation: 3 })
      await ledger.close()
    })

    it.each([
      ['a page with another digest', only({ entries: range(0, 3), digest: START }), /digest/],
      ['a gap', only({ entries: range(1, 3), digest: digestOf(range(1, 3)) }), /entry 1 stands/],
      ['pages that break off', breakingOff(), /the replica is gone/],
      ['a stock from nowhere', pagesOf([entry(0, { name: 'nobody' })]), /never for sale/],
      ['more bought than there was', pagesOf([entry(0, { type: 'buy', quantity: 1_001 })]), /leaves -1 shares/],
      ['levels beyond all bounds', pagesOf([entry(0, { quantity: Number.MAX_SAFE_INTEGER })]), /leaves/],
      ['a key twice', pagesOf([entry(0), entry(1, { key: 'c:key-0' })]), /key/],
      ['a generation that goes back', pagesOf([entry(0, { generation: 3 }), entry(1)]), /generation 1/],
      ['a generation above the new one', pagesOf([entry(0, { generation: 8 })]), /generation 7/],
    ])('does not rebuild from %s, and stays as it was', async (_, pages, message) => {
      const { store, archived } = await startWithFive()
      await expect(store.rebuild(originAt(7), pages)).rejects.toThrow(message)
      const ledger = readyLedger(await store.open())
      expect(ledger.head()).toMatchObject({ length: 5, generation: 1, recoveredGeneration: 0 })
      await ledger.close()
      expect(await archived()).toBe(0)
    })
  })
}
