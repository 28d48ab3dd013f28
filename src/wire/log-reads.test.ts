import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import { PATIENT_ASKER } from '../runtime/gate.ts'
import { LogReads } from './log-reads.ts'

const entry = (number: number, key = 'c:key') => ({ number, key, fingerprint: 'print', name: 'tesla', type: 'buy' }) as Entry

/** Reads of a log of so many entries, whose pieces come when the test says so. */
function reading(length: number, key?: string) {
  const clock = new ManualClock()
  const asked: { readonly from: number; readonly limit: number; readonly give: () => void }[] = []
  const log = {
    head: () => ({ length, generation: 2, recoveredGeneration: 1 }),
    entries: (from: number, limit: number) =>
      new Promise<readonly Entry[]>((resolve) => {
        const entries = Array.from({ length: Math.max(0, Math.min(limit, length - from)) }, (_, i) => entry(from + i, key))
        asked.push({ from, limit, give: () => resolve(entries) })
      }),
    digestAt: async (end: number) => (end <= length ? `digest of ${end}` : undefined),
  }
  const reads = new LogReads(clock, log)
  /** Gives all pieces that are asked for, and lets the next turn come, until nothing is asked for. */
  const giveAll = async () => {
    for (let at = 0; at < asked.length; at += 1) {
      asked[at]!.give()
      await settled()
      clock.pass(0)
      await settled()
    }
  }
  return { clock, asked, log, reads, giveAll }
}

test('a read tells entries, the digest after them, and the head', async () => {
  const { reads, giveAll } = reading(5)
  const page = reads.read({ from: 1, limit: 3 }, PATIENT_ASKER)
  await giveAll()
  expect(await page).toEqual({
    entries: [1, 2, 3].map((number) => entry(number)),
    digest: 'digest of 4',
    ...{ length: 5, generation: 2, recoveredGeneration: 1 },
  })
})

test('without entries it tells a digest, if there is one', async () => {
  const { reads } = reading(5)
  expect(await reads.read({ from: 5, limit: 0 }, PATIENT_ASKER)).toMatchObject({ entries: [], digest: 'digest of 5' })
  expect(await reads.read({ from: 6, limit: 0 }, PATIENT_ASKER)).toMatchObject({ entries: [], digest: '' })
})

test('a long read is done in pieces, and others get a turn in between', async () => {
  const { reads, asked, clock } = reading(LIMITS.entriesPieceMax + 1)
  void reads.read({ from: 0, limit: 1_000 }, PATIENT_ASKER)
  asked[0]!.give()
  await settled()
  expect([asked.length, asked[0]!.limit]).toEqual([1, LIMITS.entriesPieceMax])
  clock.pass(0)
  await settled()
  expect(asked[1]!.from).toBe(LIMITS.entriesPieceMax)
})

test('of two reads the second waits for the first; for too long it does not', async () => {
  const { reads, asked, clock, log } = reading(5)
  void reads.read({ from: 0, limit: 1 }, PATIENT_ASKER)
  const listed = reads.entries(log, 1, 1, PATIENT_ASKER)
  const refused = expect(reads.read({ from: 2, limit: 1 }, PATIENT_ASKER)).rejects.toThrow('too many reads')
  await settled()
  expect(asked.map(({ from }) => from)).toEqual([0])
  clock.pass(60_000)
  await refused
  expect(await listed).toBeUndefined()
})

test('when a read is over the next one has its turn', async () => {
  const { reads, log, giveAll } = reading(5)
  void reads.read({ from: 0, limit: 1 }, PATIENT_ASKER)
  const listed = reads.entries(log, 1, 2, PATIENT_ASKER)
  await giveAll()
  expect(await listed).toEqual([entry(1), entry(2)])
})

test('for an asker that has gone nothing more is read', async () => {
  const { reads, asked, log, giveAll } = reading(10 * LIMITS.entriesPieceMax)
  const asker = { isGone: false }
  const listed = reads.entries(log, 0, 1_000, asker)
  asker.isGone = true
  await giveAll()
  expect([asked.length, (await listed)?.length]).toEqual([1, LIMITS.entriesPieceMax])
})

test('a page ends where it is full, and holds one entry at least', async () => {
  const most = LIMITS.pageBytesMax
  const { reads, log, giveAll } = reading(5, 'k'.repeat(most + 1))
  const listed = reads.entries(log, 0, 5, PATIENT_ASKER)
  await giveAll()
  expect((await listed)?.length).toBe(1)
})
