import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Entry } from '../../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { fingerprintOf } from '../../src/wire/order-requests.ts'
import { genesisDigest, type Genesis } from '../../src/storage/chain.ts'
import { continueChain } from '../../src/storage/continuation.ts'
import { embeddedLedgerStore } from '../../src/storage/embedded/ledger-store.ts'
import { openEmbeddedOrderLog } from '../../src/storage/embedded/order-log-file.ts'
import type { LogPage } from '../../src/storage/ledger.ts'

const PAGE_ENTRIES = 2_000
const GENERATION = 1
const GENESIS: Genesis = { clusterId: '1a'.repeat(16), stocks: OPENING_CATALOGUE }

/** Writes the files of a system that has taken so many orders: the ledger and the logs of three replicas. */
export async function writeHistory(folder: string, orders: number, tell: (what: string) => void): Promise<void> {
  const path = join(folder, 'catalog.db')
  rmSync(path, { force: true })
  const origin = { genesis: GENESIS, generation: GENERATION, replicas: [] }
  const ledger = await embeddedLedgerStore(path).rebuild(origin, pages(orders))
  await ledger.close()
  tell('the ledger is written')
  for (const replica of [1, 2, 3]) {
    const options = { newDiskId: () => `${replica}`.repeat(32), onDamage: () => {} }
    const log = await openEmbeddedOrderLog(join(folder, `order${replica}.db`), options)
    await log.seal(GENERATION, GENESIS)
    for await (const { entries, digest } of pages(orders)) await log.append(entries, digest)
    await log.close()
    tell(`the log of replica ${replica} is written`)
  }
}

/** Makes the same history each time: sales of one share, under keys like those that front ends make. */
async function* pages(orders: number): AsyncIterable<LogPage> {
  let end = { length: 0, digest: genesisDigest(GENESIS) }
  while (end.length < orders) {
    const from = end.length
    const entries = Array.from({ length: Math.min(PAGE_ENTRIES, orders - from) }, (_, i) => entryAt(from + i))
    const digest = continueChain(end, entries).at(-1) ?? end.digest
    end = { length: from + entries.length, digest }
    yield { entries, digest }
    await nextTurn() // The stores never wait, but Ctrl-C must not wait for millions of orders.
  }
}

function entryAt(number: number): Entry {
  const { name } = OPENING_CATALOGUE[number % OPENING_CATALOGUE.length]!
  const random = ((number * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')
  return {
    number,
    generation: GENERATION,
    key: `f:fe-00000000-${number.toString(36).padStart(8, '0')}-${random}${random}`,
    fingerprint: fingerprintOf(name, 'sell', 1),
    name,
    type: 'sell',
    quantity: 1,
    timeMs: 1_700_000_000_000 + number,
  }
}
