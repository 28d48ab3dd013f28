import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { genesisDigest } from '../chain.ts'
import { StorageFailure, type Ledger, type LogPage } from '../ledger.ts'
import { CHECKED_AT_OPEN } from './tables/entry-table.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = CHECKED_AT_OPEN + 2_000
/** An entry that is too old to be looked at when the file is opened. */
const OLD = 500
const PAGE_BYTES = 4096
const SCARCE_PAGES = 450
const REPLICA = { replicaId: 1, address: '127.0.0.1:5001' }

const requests = (from: number, count: number): readonly OrderRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `c:${from + index}`,
    fingerprint: 'print',
    name: 'tesla',
    type: 'sell',
    quantity: 1,
  }))

const DAMAGES: readonly [string, (path: string) => void, RegExp][] = [
  ['a changed entry', tampering(`UPDATE entries SET quantity = 7 WHERE number = ${OLD}`), /entry 500 does not match/],
  ['a missing entry', tampering(`DELETE FROM entries WHERE number = ${OLD}`), /entry 500 is missing/],
  ['a broken page', breakPageOf(`c:${OLD}`), /malformed/],
]

/** Changes a file behind the engine's back. */
function tampering(sql: string): (path: string) => void {
  return (path) => {
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }
}

/** Overwrites the head of each page that holds the text. */
function breakPageOf(text: string): (path: string) => void {
  return (path) => {
    const bytes = readFileSync(path)
    for (let at = bytes.indexOf(`${text}print`); at >= 0; at = bytes.indexOf(`${text}print`, at + 1)) {
      const page = at - (at % PAGE_BYTES)
      bytes.fill(0xa5, page, page + 12)
    }
    writeFileSync(path, bytes)
  }
}

const emptying = (path: string): void => writeFileSync(path, '')

describe('damage that is noticed while a file is in use', () => {
  let folder = ''
  let ledgerPath = ''
  let logPath = ''
  let disks = 0
  let damages: { why: string; archivedAs: string }[] = []
  let page: LogPage = { entries: [], digest: '' }

  const store = (pagesMax?: number) => embeddedLedgerStore(ledgerPath, pagesMax === undefined ? {} : { pagesMax })
  const openLog = () =>
    openEmbeddedOrderLog(logPath, {
      newDiskId: () => `disk-${(disks += 1)}`,
      onDamage: (why, archivedAs) => damages.push({ why, archivedAs }),
    })
  const openLedger = async (pagesMax?: number): Promise<Ledger> => {
    const opening = await store(pagesMax).open()
    if (opening.kind !== 'ready') throw new Error(`the ledger is ${opening.kind}`)
    return opening.ledger
  }
  async function* pages(): AsyncIterable<LogPage> {
    yield page
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'marker-'))
    ledgerPath = join(folder, 'catalog.db')
    logPath = join(folder, 'order1.db')
    disks = 0
    damages = []
    const [ledger, log] = [await newLedger(store(), GENESIS), await openLog()]
    await ledger.rememberReplica(REPLICA)
    page = await ledger.decide(decide, requests(0, LENGTH), 1)
    await log.seal(1, GENESIS)
    await log.append(page.entries, page.digest)
    await ledger.close()
    await log.close()
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it.each(DAMAGES)('%s in a ledger: it is damaged from then on, until it is rebuilt', async (_, spoil, words) => {
    spoil(ledgerPath)
    const ledger = await openLedger()
    expect(existsSync(`${ledgerPath}.damaged`)).toBe(false)
    await expect(ledger.entries(OLD, 1)).rejects.toThrow(StorageFailure)
    expect(readFileSync(`${ledgerPath}.damaged`, 'utf8')).toMatch(words)
    await ledger.close()
    for (let time = 0; time < 2; time += 1) {
      expect(await store().open()).toEqual({ kind: 'damaged', why: expect.stringMatching(words), replicas: [REPLICA] })
    }

    await (await store().rebuild({ genesis: GENESIS, generation: 2, replicas: [] }, pages())).close()
    const names = readdirSync(folder).filter((name) => name.startsWith('catalog.db') && !/lock|shm|wal/.test(name))
    expect(names.toSorted()).toEqual(['catalog.db', 'catalog.db.replaced-1', 'catalog.db.replaced-1.damaged'])
    const rebuilt = await openLedger()
    expect(await rebuilt.entries(0, LENGTH)).toEqual(page.entries)
    await rebuilt.close()
  })

  it('a ledger that can name only some of its replicas names none: the others may hold more', async () => {
    const ledger = await openLedger()
    await ledger.rememberReplica({ replicaId: 2, address: '127.0.0.1:5002' })
    await ledger.close()
    tampering("UPDATE replicas SET address = '127.0.0.1:5009' WHERE replica_id = 2")(ledgerPath)
    const spoilt = await openLedger()
    await expect(spoilt.knownReplicas()).rejects.toThrow(StorageFailure)
    await spoilt.close()
    expect(await store().open()).toEqual({ kind: 'damaged', why: expect.stringMatching(/replicas/) })
  })

  it.each(DAMAGES)('%s in an order log: an empty one begins at the next start', async (_, spoil, words) => {
    spoil(logPath)
    const log = await openLog()
    await expect(log.entry(OLD)).rejects.toThrow(StorageFailure)
    expect(readFileSync(`${logPath}.damaged`, 'utf8')).toMatch(words)
    await log.close()
    const begun = await openLog()
    expect(begun.head()).toMatchObject({ diskId: 'disk-2', length: 0, sealedGeneration: 0, genesis: undefined })
    expect(damages).toEqual([{ why: expect.stringMatching(words), archivedAs: `${logPath}.damaged-1` }])
    expect(readFileSync(`${logPath}.damaged-1.damaged`, 'utf8')).toMatch(words)
    await begun.close()
    await (await openLog()).close()
    expect(damages).toHaveLength(1)
  })

  it('a damaged ledger that may hold entries does not give way to an empty one', async () => {
    const [origin, empty] = [
      { genesis: GENESIS, generation: 2, replicas: [] },
      { entries: [], digest: genesisDigest(GENESIS) },
    ]
    page = empty
    for (const spoil of [() => writeFileSync(`${ledgerPath}.damaged`, ''), tampering('DROP TABLE entries'), emptying]) {
      spoil(ledgerPath)
      await expect(store().rebuild(origin, pages())).rejects.toThrow(/no replica holds an order/)
      expect(await store().open()).toMatchObject({ kind: 'damaged' })
    }
    for (const path of [ledgerPath, `${ledgerPath}.damaged`]) rmSync(path)
    await (await store().rebuild(origin, pages())).close()
    writeFileSync(`${ledgerPath}.damaged`, '')
    await (await store().rebuild(origin, pages())).close()
    expect(readdirSync(folder)).toContain('catalog.db.replaced-1')
  })

  it('a full disk leaves no marker', async () => {
    const ledger = await openLedger(SCARCE_PAGES)
    await expect(ledger.decide(decide, requests(LENGTH, 10_000), 1)).rejects.toThrow(/full/)
    await ledger.close()
    expect(existsSync(`${ledgerPath}.damaged`)).toBe(false)
    await (await openLedger()).close()
  })

  it('another program that holds the file leaves no marker', async () => {
    const other = new DatabaseSync(ledgerPath)
    const ledger = await openLedger()
    other.exec('BEGIN IMMEDIATE')
    await expect(ledger.decide(decide, requests(LENGTH, 1), 1)).rejects.toThrow(/locked/)
    other.close()
    await ledger.close()
    expect(existsSync(`${ledgerPath}.damaged`)).toBe(false)
  })

  it('an operator may leave an empty marker', async () => {
    for (const path of [ledgerPath, logPath]) writeFileSync(`${path}.damaged`, '')
    expect(await store().open()).toMatchObject({ kind: 'damaged', why: expect.stringContaining('catalog.db.damaged says') })
    const log = await openLog()
    expect(log.head()).toMatchObject({ diskId: 'disk-2', length: 0 })
    await log.close()
  })

  it('a marker beside nothing does not outlive the next file', async () => {
    rmSync(ledgerPath)
    writeFileSync(`${ledgerPath}.damaged`, 'long ago')
    expect(await store().open()).toEqual({ kind: 'missing' })
    await (await newLedger(store(), GENESIS)).close()
    await (await openLedger()).close()
  })
})
