import { afterEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { chainDigest, genesisDigest, type Genesis } from '../../src/storage/chain.ts'
import { StorageFailure } from '../../src/storage/ledger.ts'
import type { OrderLog, OrderLogHead } from '../../src/storage/order-log.ts'

/** The functions that the suite needs from an engine. */
export interface GivenOrderLog {
  readonly diskId: string
  /** With scarce room, the disk is full before it holds 20,000 entries. */
  readonly room: 'ample' | 'scarce'
}

export interface OrderLogUnderTest {
  readonly log: OrderLog
  /** Opens the log's disk again, with ample room, after the log was closed. Missing when nothing outlives it. */
  reopen?(): Promise<OrderLog>
  /** Closes and removes everything that the test has made. */
  remove(): Promise<void>
}

const GENESIS: Genesis = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const START = genesisDigest(GENESIS)

const entry = (number: number): Entry => ({
  number,
  generation: 1,
  key: `c:key-${number}`,
  fingerprint: `print-${number}`,
  name: 'tesla',
  type: number % 2 === 0 ? 'buy' : 'sell',
  quantity: number + 1,
  timeMs: 1_700_000_000_000 + number,
})

const range = (from: number, end: number): Entry[] => Array.from({ length: end - from }, (_, index) => entry(from + index))

const digestOf = (length: number): string => range(0, length).reduce(chainDigest, START)

/** Appends batches of 256 until an append fails. Returns the head after the last one that succeeded. */
async function fill(log: OrderLog): Promise<OrderLogHead> {
  let head = log.head()
  for (let batch = 0; batch < 80; batch += 1) {
    const entries = range(head.length, head.length + 256)
    const next = await log.append(entries, entries.reduce(chainDigest, head.digest)).catch(() => undefined)
    if (!next) return head
    head = next
  }
  throw new Error('the disk was not scarce')
}

/** The rules of {@link OrderLog}, for every engine. */
export function orderLogContract(name: string, open: (given: GivenOrderLog) => Promise<OrderLogUnderTest>): void {
  describe(`order log: ${name}`, () => {
    let opened: OrderLogUnderTest[] = []

    const start = async (given: Partial<GivenOrderLog> = {}): Promise<OrderLogUnderTest> => {
      const one = await open({ diskId: 'disk-1', room: 'ample', ...given })
      opened.push(one)
      return one
    }
    const startSealed = async (length = 0): Promise<OrderLog> => {
      const { log } = await start()
      await log.seal(1, GENESIS)
      await log.append(range(0, length), digestOf(length))
      return log
    }

    afterEach(async () => {
      for (const one of opened) await one.remove()
      opened = []
    })

    it('starts empty, with an id of its disk and no history', async () => {
      const { log } = await start()
      expect(log.head()).toEqual({
        genesis: undefined,
        diskId: 'disk-1',
        sealedGeneration: 0,
        length: 0,
        lastGeneration: 0,
        digest: '',
      })
      expect(await log.entry(0)).toBeUndefined()
      expect(await log.entries(0, 10)).toEqual([])
      expect(await log.digestAt(0)).toBe('')
      await expect(log.append([entry(0)], digestOf(1))).rejects.toThrow(/invariant broken/)
    })

    it('adopts a history while it is empty', async () => {
      const { log } = await start()
      const head = await log.seal(3, GENESIS)
      const empty = { length: 0, lastGeneration: 0, digest: START }
      expect(head).toEqual({ genesis: GENESIS, diskId: 'disk-1', sealedGeneration: 3, ...empty })
      expect(log.head()).toEqual(head)
      expect(await log.digestAt(0)).toBe(START)
      const other = { clusterId: 'c-2', stocks: GENESIS.stocks.slice(1) }
      expect(await log.seal(2, other)).toMatchObject({ genesis: other, sealedGeneration: 3, length: 0 })
      expect(await log.digestAt(0)).toBe(log.head().digest)
      expect(log.head().digest).not.toBe(START)
      expect(await log.seal(3, GENESIS)).toEqual(head)
      expect(await log.append([entry(0)], digestOf(1))).toMatchObject({ length: 1, digest: digestOf(1) })
    })

    it('belongs to one history from its first entry on', async () => {
      const log = await startSealed(1)
      const head = log.head()
      const refused = log.seal(9, { ...GENESIS, clusterId: 'c-2' })
      await expect(refused).rejects.toThrow(/c-1.*c-2/)
      await expect(refused).rejects.not.toThrow(StorageFailure)
      await expect(log.seal(9, { ...GENESIS, stocks: [] })).rejects.toThrow(/c-1/)
      expect(log.head()).toEqual(head)
    })

    it('the sealed generation only rises', async () => {
      const log = await startSealed(3)
      expect((await log.seal(5, GENESIS)).sealedGeneration).toBe(5)
      expect((await log.seal(4, GENESIS)).sealedGeneration).toBe(5)
      expect((await log.seal(6, GENESIS)).sealedGeneration).toBe(6)
      expect(log.head()).toMatchObject({ length: 3, digest: digestOf(3) })
    })

    it('G1: appends, and gives back what it holds', async () => {
      const log = await startSealed()
      expect(await log.append(range(0, 40), digestOf(40))).toMatchObject({ length: 40, digest: digestOf(40) })
      expect(await log.append(range(40, 100), digestOf(100))).toEqual(log.head())
      expect(log.head()).toMatchObject({ length: 100, digest: digestOf(100), sealedGeneration: 1 })
      expect(await log.entry(0)).toEqual(entry(0))
      expect(await log.entry(99)).toEqual(entry(99))
      expect(await log.entry(100)).toBeUndefined()
      expect(await log.entry(-1)).toBeUndefined()
      expect(await log.entries(30, 20)).toEqual(range(30, 50))
      expect(await log.entries(95, 20)).toEqual(range(95, 100))
      expect(await log.entries(100, 5)).toEqual([])
      expect(await log.entries(5, 0)).toEqual([])
      expect(await log.entries(-5, 2)).toEqual(range(0, 2))
      expect(await log.digestAt(41)).toBe(digestOf(41))
      expect(await log.digestAt(100)).toBe(digestOf(100))
      expect(await log.digestAt(101)).toBeUndefined()
      expect(await log.digestAt(-1)).toBeUndefined()
    })

    it('takes no entries for a heartbeat, when the digest is right', async () => {
      const log = await startSealed(2)
      expect(await log.append([], digestOf(2))).toEqual(log.head())
      await expect(log.append([], digestOf(1))).rejects.toThrow(/digest/)
    })

    it('calls that arrive at once are carried out in order', async () => {
      const log = await startSealed()
      const heads = await Promise.all([
        log.append(range(0, 2), digestOf(2)),
        log.append(range(2, 3), digestOf(3)),
        log.seal(2, GENESIS),
        log.append(range(3, 5), digestOf(5)),
      ])
      expect(heads.map((head) => [head.length, head.sealedGeneration])).toEqual([
        [2, 1],
        [3, 1],
        [3, 2],
        [5, 2],
      ])
    })

    it.each([
      ['a gap', range(4, 5)],
      ['an overlap', range(2, 4)],
      ['a hole inside', [entry(3), entry(5)]],
      ['a wrong order', [entry(4), entry(3)]],
      ['an entry twice', [entry(3), entry(3)]],
      ['a fraction of a share', [{ ...entry(3), quantity: 0.5 }]],
      ['half a character', [{ ...entry(3), key: 'c:\ud800' }]],
    ])('G2: asserts against %s, and writes nothing', async (_, entries) => {
      const log = await startSealed(3)
      const before = log.head()
      await expect(log.append(entries, entries.reduce(chainDigest, digestOf(3)))).rejects.toThrow(/invariant broken/)
      expect(log.head()).toEqual(before)
      expect(await log.append(range(3, 4), digestOf(4))).toMatchObject({ length: 4 })
    })

    it('rejects entries that lead to another digest, and writes nothing', async () => {
      const log = await startSealed(3)
      const refused = log.append([{ ...entry(3), quantity: 77 }], digestOf(4))
      await expect(refused).rejects.toThrow(/digest/)
      await expect(refused).rejects.not.toThrow(StorageFailure)
      expect(log.head()).toMatchObject({ length: 3, digest: digestOf(3) })
      expect(await log.entry(3)).toBeUndefined()
    })

    it('G3: after a failed write every call rejects', async () => {
      const { log } = await start({ room: 'scarce' })
      await log.seal(1, GENESIS)
      const head = await fill(log)
      expect(log.head()).toEqual(head)
      const calls = [
        () => log.append([], head.digest),
        () => log.entry(0),
        () => log.entries(0, 1),
        () => log.digestAt(0),
        () => log.seal(9, GENESIS),
        () => log.cut(0),
      ]
      for (const call of calls) await expect(call(), String(call)).rejects.toThrow(StorageFailure)
      await log.close()
    })

    it('takes no calls once it is closed', async () => {
      const log = await startSealed(1)
      await log.close()
      await log.close()
      await expect(log.append([], digestOf(1))).rejects.toThrow(/closed/)
      await expect(log.entry(0)).rejects.toThrow(/closed/)
    })

    it('knows the generation of its last entry', async () => {
      const log = await startSealed(2)
      expect(log.head().lastGeneration).toBe(1)
      const newer = { ...entry(2), generation: 5 }
      await log.append([newer], chainDigest(digestOf(2), newer))
      expect(log.head().lastGeneration).toBe(5)
      expect((await log.append([], log.head().digest)).lastGeneration).toBe(5)
      expect((await log.cut(2)).lastGeneration).toBe(1)
      expect((await log.cut(0)).lastGeneration).toBe(0)
    })

    it('G4: gives up a tail, and goes on another way', async () => {
      const log = await startSealed(100)
      expect(await log.cut(40)).toEqual(log.head())
      expect(log.head()).toMatchObject({ diskId: 'disk-1', sealedGeneration: 1, length: 40, digest: digestOf(40) })
      expect(await log.entry(39)).toEqual(entry(39))
      expect(await log.entry(40)).toBeUndefined()
      expect(await log.entries(30, 100)).toEqual(range(30, 40))
      expect(await log.digestAt(40)).toBe(digestOf(40))
      expect(await log.digestAt(41)).toBeUndefined()
      const others = range(40, 45).map((one) => ({ ...one, generation: 2, name: 'ford' }))
      const digest = others.reduce(chainDigest, digestOf(40))
      expect(await log.append(others, digest)).toMatchObject({ length: 45, lastGeneration: 2, digest })
      expect(await log.entries(39, 2)).toEqual([entry(39), others[0]])
    })

    it('can be cut down to nothing, and nowhere beyond its end', async () => {
      const log = await startSealed(5)
      const whole = log.head()
      expect(await log.cut(5)).toEqual(whole)
      for (const length of [6, -1, 2.5, Number.NaN]) {
        await expect(log.cut(length), `${length}`).rejects.toThrow(/invariant broken/)
      }
      expect(log.head()).toEqual(whole)
      expect(await log.cut(0)).toMatchObject({ genesis: GENESIS, length: 0, digest: START })
      expect(await log.append(range(0, 5), digestOf(5))).toEqual(whole)
    })

    it('a cut is there after the log was opened again', async () => {
      const { log, reopen } = await start()
      if (!reopen) return
      await log.seal(4, GENESIS)
      await log.append(range(0, 3_000), digestOf(3_000))
      const head = await log.cut(1_500)
      await log.close()
      const again = await reopen()
      expect(again.head()).toEqual(head)
      expect(again.head()).toMatchObject({ length: 1_500, lastGeneration: 1, digest: digestOf(1_500) })
      expect(await again.entries(0, 3_000)).toEqual(range(0, 1_500))
    })

    it('everything that was answered is there after it was opened again', async () => {
      const { log, reopen } = await start()
      if (!reopen) return
      await log.seal(4, GENESIS)
      const head = await log.append(range(0, 3_000), digestOf(3_000))
      await log.close()
      const again = await reopen()
      expect(again.head()).toEqual(head)
      expect(await again.entries(0, 3_000)).toEqual(range(0, 3_000))
      await expect(again.seal(9, { ...GENESIS, clusterId: 'c-2' })).rejects.toThrow(/c-1.*c-2/)
    })

    it('a full disk loses nothing that was answered, and keeps no half of a call', async () => {
      const { log, reopen } = await start({ room: 'scarce' })
      if (!reopen) return
      await log.seal(1, GENESIS)
      const head = await fill(log)
      await log.close()
      const again = await reopen()
      expect(head.length).toBeGreaterThan(0)
      expect(again.head()).toEqual(head)
      const more = range(head.length, head.length + 3)
      expect(await again.append(more, more.reduce(chainDigest, head.digest))).toMatchObject({ length: head.length + 3 })
    })
  })
}
