import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import type { Ledger } from '../ledger.ts'
import type { CopyKind, VerifiedCopy } from '../verify/verification.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'
import { verifyFile } from '../verify/verified-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = 300
const SILENT = { begin: () => {}, advance: () => {} }

const requests = (count: number, prefix = 'c'): OrderRequest[] =>
  Array.from({ length: count }, (_, index) => {
    return { key: `${prefix}:${index}`, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }
  })

describe('what a person does to a file with SQLite’s tools', () => {
  let folder = ''
  let paths: { readonly path: string; readonly kind: CopyKind }[] = []

  const store = (path: string) => embeddedLedgerStore(path)
  const openLog = (path: string) => openEmbeddedOrderLog(path, { newDiskId: () => 'disk-1', onDamage: expect.unreachable })
  const verify = (path: string, kind: CopyKind): VerifiedCopy => {
    const copy = verifyFile(path, kind, SILENT)
    copy.close()
    return copy
  }

  function run(path: string, ...statements: readonly string[]): void {
    const database = new DatabaseSync(path)
    for (const sql of statements) database.exec(sql)
    database.close()
  }

  /** Puts a file that `make` writes at `made` in the place of the one at `path`. */
  function replaceBy(path: string, make: (made: string) => void): void {
    const made = `${path}.copy`
    make(made)
    rmSync(path)
    copyFileSync(made, path)
    rmSync(made)
  }

  /** Replaces the file by its `.dump`, read into a new file. `settings` give the new file another form. */
  function restoreDump(path: string, ...settings: readonly string[]): void {
    replaceBy(path, (made) => {
      const [from, to] = [new DatabaseSync(path), new DatabaseSync(made)]
      for (const sql of settings) to.exec(sql)
      const objects = from.prepare('SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL').all()
      for (const { sql } of objects.filter(({ type }) => type === 'table')) to.exec(String(sql))
      for (const { name } of objects.filter(({ type }) => type === 'table')) {
        for (const row of from.prepare(`SELECT * FROM ${name}`).iterate()) {
          const values = Object.values(row)
          to.prepare(`INSERT INTO ${name} VALUES (${values.map(() => '?').join()})`).run(...values)
        }
      }
      for (const { sql } of objects.filter(({ type }) => type !== 'table')) to.exec(String(sql))
      for (const database of [from, to]) database.close()
    })
  }

  async function openLedger(path: string): Promise<Ledger> {
    const opening = await store(path).open()
    if (opening.kind !== 'ready') throw new Error(`the ledger is ${JSON.stringify(opening)}`)
    return opening.ledger
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sound-'))
    const [ledgerPath, logPath] = [join(folder, 'catalog.db'), join(folder, 'order1.db')]
    paths = [
      { path: ledgerPath, kind: 'ledger' },
      { path: logPath, kind: 'order log' },
    ]
    const [ledger, log] = [await newLedger(store(ledgerPath), GENESIS), await openLog(logPath)]
    const { entries, digest } = await ledger.decide(decide, requests(LENGTH), 1)
    await ledger.decide(decide, [{ key: 'c:none', fingerprint: 'print', name: 'nobody', type: 'buy', quantity: 1 }], 1)
    await log.seal(1, GENESIS)
    await log.append(entries, digest)
    await ledger.close()
    await log.close()
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Expects that both files hold what they held, take more entries and are well, and that nothing was put aside. */
  async function checkSound(): Promise<void> {
    for (const { path, kind } of paths) {
      const { findings, unverified, length } = verify(path, kind)
      expect({ findings: findings.kept, unverified, length }).toEqual({ findings: [], unverified: undefined, length: LENGTH })
    }
    const ledger = await openLedger(paths[0]!.path)
    const log = await openLog(paths[1]!.path)
    expect(await ledger.entries(0, LENGTH)).toEqual(await log.entries(0, LENGTH))
    const more = await ledger.decide(
      decide,
      [...requests(5, 'd'), ...requests(5), { ...requests(1)[0]!, key: 'c:none', name: 'nobody' }],
      2,
    )
    expect(more.outcomes.map((outcome) => 'replayed' in outcome && outcome.replayed)).toEqual([
      ...Array(5).fill(false),
      ...Array(6).fill(true),
    ])
    await log.append(more.entries, more.digest)
    await ledger.close()
    await log.close()
    for (const { path, kind } of paths) expect(verify(path, kind)).toMatchObject({ findings: { count: 0 }, length: LENGTH + 5 })
    expect(readdirSync(folder).filter((name) => /replaced|damaged/.test(name))).toEqual([])
  }

  const sound: readonly [string, (path: string) => void][] = [
    ['copied by VACUUM INTO', (path) => replaceBy(path, (made) => run(path, `VACUUM INTO '${made}'`))],
    ['in journal mode delete', (path) => run(path, 'PRAGMA journal_mode = DELETE')],
    [
      'in journal mode truncate, its empty journal beside it',
      (path) => {
        run(path, 'PRAGMA journal_mode = DELETE; PRAGMA journal_mode = TRUNCATE; CREATE TABLE mine (x)')
        writeFileSync(`${path}-journal`, '')
      },
    ],
    [
      'in journal mode persist, its finished journal beside it',
      (path) => {
        run(path, 'PRAGMA journal_mode = DELETE; PRAGMA journal_mode = PERSIST; CREATE TABLE mine (x)')
        expect(existsSync(`${path}-journal`)).toBe(true)
      },
    ],
    ['analysed', (path) => run(path, 'ANALYZE')],
    ['vacuumed', (path) => run(path, 'VACUUM')],
    ['reindexed', (path) => run(path, 'REINDEX')],
    ['with small pages', (path) => run(path, 'PRAGMA journal_mode = DELETE', 'PRAGMA page_size = 1024', 'VACUUM')],
    ['with the largest pages', (path) => run(path, 'PRAGMA journal_mode = DELETE', 'PRAGMA page_size = 65536', 'VACUUM')],
    ['that vacuums itself', (path) => run(path, 'PRAGMA auto_vacuum = FULL', 'VACUUM')],
    ['that vacuums itself when asked', (path) => run(path, 'PRAGMA auto_vacuum = INCREMENTAL', 'VACUUM')],
    ['with a cache size of its own', (path) => run(path, 'PRAGMA default_cache_size = 500')],
    ['dumped and restored', restoreDump],
    ['restored in UTF-16', (path) => restoreDump(path, "PRAGMA encoding = 'UTF-16le'")],
    [
      'restored with small pages that vacuum themselves',
      (path) => restoreDump(path, 'PRAGMA page_size = 512', 'PRAGMA auto_vacuum = FULL'),
    ],
    ['with an index', (path) => run(path, 'CREATE INDEX mine ON entries (name, time_ms)')],
    ['with a table', (path) => run(path, 'CREATE TABLE mine (number INTEGER REFERENCES entries (number)); INSERT INTO mine VALUES (3)')],
    [
      'with a table that counts, and a trigger on it',
      (path) =>
        run(
          path,
          'CREATE TABLE mine (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TRIGGER mine_too AFTER INSERT ON mine BEGIN SELECT 1; END',
        ),
    ],
    ['with a view', (path) => run(path, 'CREATE VIEW mine AS SELECT name, count(*) FROM entries GROUP BY name')],
  ]

  it.each(sound)('a file %s is as good as before', async (_, change) => {
    for (const { path } of paths) change(path)
    await checkSound()
  })

  const refused: readonly [string, (path: string) => void, RegExp][] = [
    [
      'with a trigger on its entries',
      (path) => run(path, 'CREATE TRIGGER mine AFTER INSERT ON entries BEGIN DELETE FROM genesis; END'),
      /DROP TRIGGER "mine"/,
    ],
    ['with a unique index', (path) => run(path, 'CREATE UNIQUE INDEX mine ON entries (number, name)'), /DROP INDEX "mine"/],
    ['with an index of an expression', (path) => run(path, 'CREATE INDEX mine ON entries (abs(quantity))'), /DROP INDEX "mine"/],
    ['with an index of some entries', (path) => run(path, 'CREATE INDEX mine ON entries (name) WHERE quantity > 5'), /DROP INDEX "mine"/],
    [
      'with a column more',
      (path) => run(path, 'ALTER TABLE entries ADD COLUMN note TEXT'),
      /describes entries in other words.*Somebody has changed it/,
    ],
    ['of another user version', (path) => run(path, 'PRAGMA user_version = 7'), /PRAGMA user_version = 2/],
    ['of no user version', (path) => run(path, 'PRAGMA user_version = 0'), /PRAGMA user_version = 2/],
    ['of another application', (path) => run(path, 'PRAGMA application_id = 7'), /PRAGMA application_id = \d+/],
    [
      'without a write-ahead log, one of another beside it',
      (path) => {
        run(path, 'PRAGMA journal_mode = DELETE')
        writeFileSync(`${path}-wal`, Buffer.alloc(8_300, 1))
      },
      /-wal belongs to another file.*move .*-wal/,
    ],
    [
      'with another program’s journal beside it',
      (path) => writeFileSync(`${path}-journal`, Buffer.alloc(600, 1)),
      /-journal is there: another program writes/,
    ],
  ]

  it.each(refused)('a file %s is refused with what to do, and stays as it is', async (_, change, words) => {
    for (const { path } of paths) change(path)
    for (const { path, kind } of paths) {
      const before = readdirSync(folder)
      const opening = kind === 'ledger' ? store(path).open() : openLog(path)
      await expect(opening).rejects.toThrow(words)
      expect(verify(path, kind)).toMatchObject({ findings: { count: 0 }, unverified: expect.stringMatching(words) })
      const names = readdirSync(folder)
      expect(names).toEqual(expect.arrayContaining(before))
      expect(names.filter((name) => /replaced|damaged/.test(name))).toEqual([])
    }
  })

  it('a dropped index is named with the words that make it again', async () => {
    const path = paths[0]!.path
    run(path, 'DROP INDEX rejections_by_time')
    const refusal = await store(path)
      .open()
      .catch((error: Error) => error.message)
    const [, sql = ''] = /'(CREATE INDEX [^']+)'/.exec(String(refusal)) ?? []
    run(path, sql)
    await checkSound()
  })

  it('a repair that a refusal names mends it', async () => {
    for (const { path } of paths) run(path, 'PRAGMA user_version = 7')
    for (const { path } of paths) {
      const opening = path.endsWith('catalog.db') ? store(path).open() : openLog(path)
      const refusal = await opening.catch((error: Error) => error.message)
      const [, sql = ''] = /'(PRAGMA [^']+)'/.exec(String(refusal)) ?? []
      run(path, sql)
    }
    await checkSound()
  })
})
