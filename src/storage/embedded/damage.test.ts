import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { StorageFailure } from '../ledger.ts'
import { openEmbeddedLedger } from './ledger.ts'
import { openEmbeddedOrderLog } from './order-log.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = 3_000
/** An entry that is too old to be looked at when the file is opened. */
const OLD = 500

const REQUESTS: readonly OrderRequest[] = Array.from({ length: LENGTH }, (_, index) => ({
  key: `c:${index}`,
  fingerprint: 'print',
  name: 'tesla',
  type: 'sell',
  quantity: 1,
}))

describe('embedded engines and damage', () => {
  let folder = ''
  let ledgerPath = ''
  let logPath = ''

  const openLedger = () => openEmbeddedLedger(ledgerPath, { decide, newGenesis: () => GENESIS })
  const openLog = () => openEmbeddedOrderLog(logPath, { newDiskId: () => 'disk-1' })

  /** Changes a file behind the engine's back. */
  function tamper(path: string, sql: string): void {
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'damage-'))
    ledgerPath = join(folder, 'ledger.db')
    logPath = join(folder, 'orders.db')
    const [ledger, log] = [await openLedger(), await openLog()]
    const { entries, digest } = await ledger.decide(REQUESTS, 1)
    await ledger.decide([{ key: 'c:none', fingerprint: 'print', name: 'nobody', type: 'buy', quantity: 1 }], 1)
    await log.seal(1, GENESIS)
    await log.append(entries, digest)
    await ledger.close()
    await log.close()
  })
  afterEach(() => rm(folder, { recursive: true }))

  it.each([
    ['a changed new entry', `UPDATE entries SET quantity = 7 WHERE number = ${LENGTH - 3}`, /2997 does not match/],
    ['a missing new entry', `DELETE FROM entries WHERE number = ${LENGTH - 3}`, /entry 2997 is missing/],
    ['a missing tail', `DELETE FROM entries WHERE number >= ${LENGTH - 3}`, /length 2997.*3000/],
    ['a missing head', 'DELETE FROM entries WHERE number = 0', /entry 0 is missing/],
    ['no entries at all', 'DELETE FROM entries', /length 0.*3000/],
    ['a short digest', `UPDATE entries SET digest = x'00' WHERE number = ${LENGTH - 1}`, /digest is 1 bytes/],
    ['an unknown type', `UPDATE entries SET type = 'gift' WHERE number = ${LENGTH - 1}`, /unknown type gift/],
    ['a missing table', 'DROP TABLE entries', /no such table/],
  ])('both refuse a file with %s', async (_, sql, message) => {
    tamper(ledgerPath, sql)
    tamper(logPath, sql)
    for (const opening of [openLedger(), openLog()]) {
      await expect(opening).rejects.toThrow(StorageFailure)
      await expect(opening).rejects.toThrow(message)
    }
    await expect(openLedger()).rejects.toThrow(ledgerPath)
    await expect(openLog()).rejects.toThrow(logPath)
  })

  it.each([
    ['without its cluster', 'DELETE FROM cluster', /table cluster is missing/],
    ['with a changed opening catalogue', 'UPDATE genesis SET quantity = 1', /entry 0 does not match/],
    ['with more published than there is', 'UPDATE cluster SET published = 9999', /published/],
    ['with a missing stock', "DELETE FROM stocks WHERE name = 'ford'", /stock ford is missing/],
    ['with a stock from nowhere', "INSERT INTO stocks VALUES ('nobody', 1, 1, 1)", /never for sale/],
    ['with a level beyond 2^53-1', 'UPDATE stocks SET quantity = 9007199254740993', /damaged/],
  ])('the ledger refuses a file %s', async (_, sql, message) => {
    tamper(ledgerPath, sql)
    await expect(openLedger()).rejects.toThrow(StorageFailure)
    await expect(openLedger()).rejects.toThrow(message)
  })

  it.each([
    ['a changed entry', `UPDATE entries SET quantity = 7 WHERE number = ${OLD}`, /entry 500 does not match its digest/],
    ['a missing entry', `DELETE FROM entries WHERE number = ${OLD}`, /entry 500 is missing/],
    ['an unknown type', `UPDATE entries SET type = 'gift' WHERE number = ${OLD}`, /unknown type gift/],
  ])('both notice %s when it is read, and are unusable from then on', async (_, sql, message) => {
    tamper(ledgerPath, sql)
    tamper(logPath, sql)
    const [ledger, log] = [await openLedger(), await openLog()]
    expect(await ledger.entries(0, OLD)).toHaveLength(OLD)
    const readings = [
      () => ledger.entries(OLD, 1),
      () => log.entry(OLD),
      () => ledger.decide([], 1),
      () => ledger.stocks(),
      () => log.entry(0),
      () => log.append([], log.head().digest),
    ]
    for (const read of readings) {
      await expect(read(), String(read)).rejects.toThrow(StorageFailure)
      await expect(read(), String(read)).rejects.toThrow(message)
    }
    await ledger.close()
    await log.close()
  })

  it.each([
    ['a missing entry behind a known key', `DELETE FROM entries WHERE number = ${OLD - 1}`, `c:${OLD}`, /entry 499/],
    ['an unknown reason', "UPDATE rejections SET reason = 'weather'", 'c:none', /unknown reason weather/],
  ])('the ledger does not answer from %s', async (_, sql, key, message) => {
    tamper(ledgerPath, sql)
    const ledger = await openLedger()
    const request = { key, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }
    await expect(ledger.decide([request], 1)).rejects.toThrow(message)
    await expect(ledger.stocks()).rejects.toThrow(StorageFailure)
    await ledger.close()
  })

  it('refuses a file with torn pages', async () => {
    for (const path of [ledgerPath, logPath]) {
      const file = await open(path, 'r+')
      const { size } = await file.stat()
      await file.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096)
      await file.close()
    }
    await expect(openLedger()).rejects.toThrow(StorageFailure)
    await expect(openLog()).rejects.toThrow(/damaged/)
  })

  it('refuses what is not its file, and leaves it alone', async () => {
    const note = join(folder, 'note.txt')
    await writeFile(note, 'Dear diary, '.repeat(1_000))
    await expect(openEmbeddedLedger(note, { decide, newGenesis: () => GENESIS })).rejects.toThrow(/not a database/)
    await expect(openEmbeddedLedger(logPath, { decide, newGenesis: () => GENESIS })).rejects.toThrow(/is not a ledger/)
    await expect(openEmbeddedOrderLog(ledgerPath, { newDiskId: () => 'd' })).rejects.toThrow(/is not an order log/)
    const foreign = join(folder, 'foreign.db')
    tamper(foreign, 'CREATE TABLE diary (day TEXT)')
    await expect(openEmbeddedOrderLog(foreign, { newDiskId: () => 'd' })).rejects.toThrow(StorageFailure)
    await (await openLog()).close()
  })

  it('refuses a file of a newer program', async () => {
    tamper(ledgerPath, 'PRAGMA user_version = 2')
    await expect(openLedger()).rejects.toThrow(/schema version 2, this program knows versions up to 1/)
  })

  it('takes a file that was never filled, as after a crash in its making, for a new one', async () => {
    const path = join(folder, 'new.db')
    tamper(path, 'PRAGMA journal_mode = WAL')
    const log = await openEmbeddedOrderLog(path, { newDiskId: () => 'disk-2' })
    expect(log.head()).toMatchObject({ diskId: 'disk-2', length: 0 })
    await log.close()
  })

  it('a person can read the file with any SQLite tool', () => {
    const database = new DatabaseSync(ledgerPath, { readOnly: true })
    const rows = database.prepare('SELECT number, name, type, quantity, length(digest) AS d FROM entries LIMIT 1').all()
    expect(rows).toEqual([{ number: 0, name: 'tesla', type: 'sell', quantity: 1, d: 32 }])
    const cluster = database.prepare('SELECT cluster_id, length FROM cluster').get()
    expect(cluster).toEqual({ cluster_id: 'c-1', length: LENGTH })
    expect(database.prepare("SELECT quantity FROM stocks WHERE name = 'tesla'").get()).toEqual({ quantity: 4_000 })
    database.close()
  })
})
