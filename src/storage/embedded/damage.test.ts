import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { StorageFailure, type Ledger } from '../ledger.ts'
import { rowChecksum } from './file/row.ts'
import { CHECKED_AT_OPEN } from './tables/entry-table.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const NOBODYS_CHECKSUM = rowChecksum('stocks', ['nobody', 1, 1, 1])
const LENGTH = CHECKED_AT_OPEN + 2_000
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

  let disks = 0
  let damages: { why: string; archivedAs: string }[] = []

  const store = (path = ledgerPath) => embeddedLedgerStore(path)
  const openLedger = async (): Promise<Ledger> => {
    const opening = await store().open()
    if (opening.kind !== 'ready') throw new Error(`the ledger is ${opening.kind}`)
    return opening.ledger
  }
  const openLog = (path = logPath) =>
    openEmbeddedOrderLog(path, {
      newDiskId: () => `disk-${(disks += 1)}`,
      onDamage: (why, archivedAs) => damages.push({ why, archivedAs }),
    })
  /** Returns the contents of the files of one database, without SQLite's shared memory. */
  const contents = async (path: string): Promise<Record<string, string>> => {
    const names = (await readdir(folder)).filter((name) => join(folder, name).startsWith(path) && !/(-shm|\.lock)$/.test(name))
    const read = async (name: string) => [name, (await readFile(join(folder, name))).toString('hex')] as const
    return Object.fromEntries((await Promise.all(names.map(read))).filter(([, content]) => content !== ''))
  }

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
    disks = 0
    damages = []
    const [ledger, log] = [await newLedger(store(), GENESIS), await openLog()]
    const { entries, digest } = await ledger.decide(decide, REQUESTS, 1)
    await ledger.decide(decide, [{ key: 'c:none', fingerprint: 'print', name: 'nobody', type: 'buy', quantity: 1 }], 1)
    await log.seal(1, GENESIS)
    await log.append(entries, digest)
    await ledger.close()
    await log.close()
  })
  afterEach(() => rm(folder, { recursive: true }))

  it.each([
    ['a changed new entry', `UPDATE entries SET quantity = 7 WHERE number = ${LENGTH - 3}`, new RegExp(`${LENGTH - 3} does not match`)],
    ['a missing new entry', `DELETE FROM entries WHERE number = ${LENGTH - 3}`, new RegExp(`entry ${LENGTH - 3} is missing`)],
    ['a missing tail', `DELETE FROM entries WHERE number >= ${LENGTH - 3}`, new RegExp(`length ${LENGTH - 3}.*${LENGTH}`)],
    ['a missing head', 'DELETE FROM entries WHERE number = 0', /entry 0 is missing/],
    ['no entries at all', 'DELETE FROM entries', new RegExp(`length 0.*${LENGTH}`)],
    ['a short digest', `UPDATE entries SET digest = x'00' WHERE number = ${LENGTH - 1}`, /digest is 1 bytes/],
    ['an unknown type', `UPDATE entries SET type = 'gift' WHERE number = ${LENGTH - 1}`, /unknown type gift/],
    ['a missing table', 'DROP TABLE entries', /entries is missing in its schema/],
  ])('both notice %s when they are opened', async (_, sql, message) => {
    tamper(ledgerPath, sql)
    tamper(logPath, sql)
    const before = [await contents(ledgerPath), await contents(logPath)]
    expect(await store().open()).toEqual({ kind: 'damaged', why: expect.stringMatching(message) })
    expect(await contents(ledgerPath)).toEqual(before[0])
    const log = await openLog()
    expect(log.head()).toMatchObject({ diskId: 'disk-2', length: 0, sealedGeneration: 0, genesis: undefined })
    expect(damages).toEqual([{ why: expect.stringMatching(message), archivedAs: `${logPath}.damaged-1` }])
    expect(Object.values(await contents(`${logPath}.damaged-1`))).toEqual(Object.values(before[1] ?? {}))
    await log.close()
  })

  it.each([
    ['without its cluster', 'DELETE FROM cluster', /table cluster is missing/],
    ['with a changed opening catalogue', 'UPDATE genesis SET quantity = 1', /opening catalogue does not match/],
    ['with more published than there is', 'UPDATE cluster SET published = 9999', /table cluster does not match its checksum/],
    ['with a changed level', "UPDATE stocks SET quantity = 7 WHERE name = 'ford'", /table stocks does not match its checksum/],
    [
      'with other words in its schema',
      'DROP INDEX rejections_by_time; CREATE INDEX rejections_by_time ON rejections ( reason)',
      /other words/,
    ],
    ['with a missing stock', "DELETE FROM stocks WHERE name = 'ford'", /stock ford is missing/],
    ['with a stock from nowhere', `INSERT INTO stocks VALUES ('nobody', 1, 1, 1, '${NOBODYS_CHECKSUM}')`, /never for sale/],
    ['with a level beyond 2^53-1', 'UPDATE stocks SET quantity = 9007199254740993', /too large/],
  ])('a ledger %s is damaged', async (_, sql, message) => {
    tamper(ledgerPath, sql)
    expect(await store().open()).toEqual({ kind: 'damaged', why: expect.stringMatching(message) })
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
      () => ledger.decide(decide, [], 1),
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
    ['an unknown reason', "UPDATE rejections SET reason = 'weather'", 'c:none', /rejections does not match its checksum/],
  ])('the ledger does not answer from %s', async (_, sql, key, message) => {
    tamper(ledgerPath, sql)
    const ledger = await openLedger()
    const request = { key, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }
    await expect(ledger.decide(decide, [request], 1)).rejects.toThrow(message)
    await expect(ledger.stocks()).rejects.toThrow(StorageFailure)
    await ledger.close()
  })

  const overwriteEnd = async (path: string) => {
    const file = await open(path, 'r+')
    const { size } = await file.stat()
    await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, size - 4096)
    await file.close()
  }

  it.each([
    ['torn pages', overwriteEnd],
    ['half of its pages', (path: string) => truncate(path, 40_960)],
    ['half a page', (path: string) => truncate(path, 2_000)],
    ['no bytes', (path: string) => truncate(path, 0)],
    ['other bytes', (path: string) => writeFile(path, 'Dear diary, '.repeat(1_000))],
    ['only its write-ahead log', (path: string) => rm(path).then(() => writeFile(`${path}-wal`, 'not yet copied'))],
  ])('a file with %s is damaged, and kept', async (_, spoil) => {
    await spoil(ledgerPath)
    await spoil(logPath)
    const before = [await contents(ledgerPath), await contents(logPath)]
    expect(await store().open()).toMatchObject({ kind: 'damaged' })
    expect(await contents(ledgerPath)).toEqual(before[0])
    const log = await openLog()
    expect(log.head()).toMatchObject({ diskId: 'disk-2', length: 0 })
    expect(damages).toMatchObject([{ archivedAs: `${logPath}.damaged-1` }])
    expect(Object.values(await contents(`${logPath}.damaged-1`))).toEqual(Object.values(before[1] ?? {}))
    await log.close()
  })

  it('leaves a damaged file and its write-ahead log as they are', async () => {
    const child = spawn(process.execPath, [
      '-e',
      `
      const { DatabaseSync } = require('node:sqlite')
      for (const path of process.argv.slice(1)) {
        const database = new DatabaseSync(path)
        database.exec('UPDATE entries SET quantity = 7 WHERE number = ${LENGTH - 3}')
      }
      process.kill(process.pid, 'SIGKILL')`,
      ledgerPath,
      logPath,
    ])
    await new Promise((resolve) => child.once('close', resolve))
    const before = [await contents(ledgerPath), await contents(logPath)]
    expect(Object.keys(before[0] ?? {})).toEqual(['ledger.db', 'ledger.db-wal'])
    expect(await store().open()).toMatchObject({ kind: 'damaged' })
    expect(await contents(ledgerPath)).toEqual(before[0])
    await (await openLog()).close()
    const archived = await contents(`${logPath}.damaged-1`)
    expect(Object.keys(archived)).toEqual(['orders.db.damaged-1', 'orders.db.damaged-1-wal'])
    expect(Object.values(archived)).toEqual(Object.values(before[1] ?? {}))
  })

  it('keeps every damaged log', async () => {
    for (const number of [1, 2, 3]) {
      await truncate(logPath, 100)
      await (await openLog()).close()
      expect(damages.at(-1)?.archivedAs).toBe(`${logPath}.damaged-${number}`)
    }
    expect((await readdir(folder)).filter((name) => name.startsWith('orders.db.damaged'))).toHaveLength(3)
  })

  it('a file that cannot be used but is not damaged is refused, and left alone', async () => {
    const foreign = join(folder, 'foreign.db')
    tamper(foreign, 'CREATE TABLE diary (day TEXT)')
    const isFolder = join(folder, 'folder.db')
    await mkdir(isFolder)
    for (const path of [foreign, isFolder]) {
      await expect(store(path).open(), path).rejects.toThrow(StorageFailure)
      await expect(openLog(path), path).rejects.toThrow(StorageFailure)
    }
    await expect(store(logPath).open()).rejects.toThrow(/is not a ledger/)
    await expect(openLog(ledgerPath)).rejects.toThrow(/is not an order log/)
    const [ledger, log] = [await openLedger(), await openLog()]
    await expect(store().open()).rejects.toThrow(/in use/)
    await expect(newLedger(store(), GENESIS)).rejects.toThrow(/in use/)
    await expect(openLog()).rejects.toThrow(/in use/)
    await ledger.close()
    await log.close()
    expect(damages).toEqual([])
  })

  it('a file of a newer program is refused', async () => {
    tamper(ledgerPath, 'PRAGMA user_version = 3')
    tamper(logPath, 'PRAGMA user_version = 3')
    await expect(store().open()).rejects.toThrow(/schema version 3, this program knows versions up to 2/)
    await expect(openLog()).rejects.toThrow(/schema version 3/)
  })

  it('a person can read the file with any SQLite tool', () => {
    const database = new DatabaseSync(ledgerPath, { readOnly: true })
    const rows = database.prepare('SELECT number, name, type, quantity, length(digest) AS d FROM entries LIMIT 1').all()
    expect(rows).toEqual([{ number: 0, name: 'tesla', type: 'sell', quantity: 1, d: 32 }])
    const cluster = database.prepare('SELECT cluster_id, length FROM cluster').get()
    expect(cluster).toEqual({ cluster_id: 'c-1', length: LENGTH })
    expect(database.prepare("SELECT quantity FROM stocks WHERE name = 'tesla'").get()).toEqual({ quantity: 1_000 + LENGTH })
    database.close()
  })
})
