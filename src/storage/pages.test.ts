import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newLedger } from '../../test/contract/new-ledger.ts'
import { decide } from '../catalogue/decide.ts'
import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { embeddedLedgerStore } from './embedded/ledger-store.ts'
import type { Ledger } from './ledger.ts'
import { memoryLedger } from './memory/ledger.ts'
import { entriesBetween } from './pages.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const HALF = LIMITS.pageBytesMax / 2 - 200
/** The first four just fit on a page. */
const KEY_LENGTHS = [10, HALF, HALF, 10, LIMITS.entryTextBytesMax, 10, 10]

const requests = KEY_LENGTHS.map(
  (length, i): OrderRequest => ({ key: `c:${i}${'k'.repeat(length)}`, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }),
)

async function pagesOf(ledger: Ledger): Promise<number[]> {
  const { entries } = await ledger.decide(decide, requests, 1)
  const pages: number[] = []
  for (let from = 0; from < entries.length; from += pages.at(-1) ?? 0) {
    const page = await ledger.entries(from, 100)
    expect(page).toEqual(entries.slice(from, from + page.length))
    pages.push(page.length)
  }
  expect(await entriesBetween(ledger, 2, 6)).toEqual(entries.slice(2, 6))
  return pages
}

test('in memory, entries come in pages that a message can carry: as many as fit, and one that is larger alone', async () => {
  expect(await pagesOf(memoryLedger({ genesis: GENESIS }))).toEqual([4, 1, 2])
})

test('from a file, likewise', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-'))
  const ledger = await newLedger(embeddedLedgerStore(join(folder, 'catalog.db')), GENESIS)
  try {
    expect(await pagesOf(ledger)).toEqual([4, 1, 2])
  } finally {
    await ledger.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
