import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import type { Entry, OrderRequest } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { chainDigest, genesisDigest } from '../chain.ts'
import { compare, referenceAmong, type CopyKind, type Standing, type VerifiedCopy } from './verification.ts'
import { rowChecksum } from '../embedded/file/row.ts'
import { embeddedLedgerStore } from '../embedded/ledger-store.ts'
import { openEmbeddedOrderLog } from '../embedded/order-log-file.ts'
import { verifyFile } from './verified-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = 2_500

const requests = (count: number): OrderRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `c:${index}`,
    fingerprint: 'print',
    name: OPENING_CATALOGUE[index % 10]?.name ?? '',
    type: index % 20 < 10 ? 'sell' : 'buy',
    quantity: 1,
  }))

const stockRow = (...values: (string | number)[]): string =>
  [...values, rowChecksum('stocks', values)].map((value) => JSON.stringify(value).replaceAll('"', "'")).join()

describe('the verification of a file', () => {
  let folder = ''
  let ledgerPath = ''
  let logPath = ''
  let opened: VerifiedCopy[] = []
  let entries: readonly Entry[] = []

  const look = (path: string, kind: CopyKind, advance: (by: number) => void = () => {}): VerifiedCopy => {
    const copy = verifyFile(path, kind, { begin: () => {}, advance })
    opened.push(copy)
    return copy
  }
  const lookAtLedger = () => look(ledgerPath, 'ledger')
  const lookAtLog = (path = logPath) => look(path, 'order log')
  const words = ({ findings }: VerifiedCopy) => findings.kept.map(({ entry, what }) => (entry === undefined ? what : `${entry}: ${what}`))
  const openLog = (path = logPath) => openEmbeddedOrderLog(path, { newDiskId: () => 'disk-1', onDamage: expect.unreachable })

  function tamper(path: string, sql: string): void {
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }

  /** Writes a log of that cluster with these entries, numbered anew. */
  async function writeLog(name: string, written: readonly Entry[], clusterId = 'c-1'): Promise<VerifiedCopy> {
    const path = join(folder, name)
    const genesis = { ...GENESIS, clusterId }
    const log = await openLog(path)
    await log.seal(1, genesis)
    await log.append(written, written.reduce(chainDigest, genesisDigest(genesis)))
    await log.close()
    return lookAtLog(path)
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'verify-'))
    ledgerPath = join(folder, 'catalog.db')
    logPath = join(folder, 'order1.db')
    const ledger = await newLedger(embeddedLedgerStore(ledgerPath), GENESIS)
    await ledger.raiseGeneration(0)
    await ledger.rememberReplica({ replicaId: 1, address: '127.0.0.1:1' })
    const decided = await ledger.decide(decide, requests(LENGTH), 1)
    entries = decided.entries
    await ledger.decide(decide, [{ key: 'c:none', fingerprint: 'print', name: 'nobody', type: 'buy', quantity: 1 }], 1)
    const log = await openLog()
    await log.seal(1, GENESIS)
    await log.append(entries, decided.digest)
    await ledger.close()
    await log.close()
  })
  afterEach(() => {
    for (const copy of opened) copy.close()
    opened = []
    rmSync(folder, { recursive: true })
  })

  it('finds nothing in sound files, and reads all of them', async () => {
    let advanced = 0
    const ledger = look(ledgerPath, 'ledger', (by) => (advanced += by))
    expect(advanced).toBeGreaterThanOrEqual(LENGTH)
    const log = lookAtLog()
    expect([words(ledger), words(log)]).toEqual([[], []])
    const digest = entries.reduce(chainDigest, genesisDigest(GENESIS))
    const common = { length: LENGTH, digest, clusterId: 'c-1', generation: 1 }
    expect(ledger).toMatchObject(common)
    expect(log).toMatchObject(common)
    expect(await compare(log, ledger)).toEqual({ kind: 'same' })
    expect(await log.entry(7)).toEqual(entries[7])
  })

  it('looks at files that are in use', async () => {
    const opening = await embeddedLedgerStore(ledgerPath).open()
    if (opening.kind !== 'ready') throw new Error(opening.kind)
    await opening.ledger.decide(decide, [{ key: 'c:new', fingerprint: 'print', name: 'ford', type: 'buy', quantity: 1 }], 2)
    const ledger = lookAtLedger()
    await opening.ledger.decide(decide, [{ key: 'c:newer', fingerprint: 'print', name: 'ford', type: 'buy', quantity: 1 }], 2)
    expect(words(ledger)).toEqual([])
    expect(ledger.length).toBe(LENGTH + 1)
    expect(await ledger.entry(LENGTH + 1)).toBeUndefined()
    await opening.ledger.close()
  })

  it.each([
    ['a changed entry', 'UPDATE entries SET quantity = 7 WHERE number = 1000', /^1000: does not match its digest/],
    ['a changed digest', 'UPDATE entries SET digest = zeroblob(32) WHERE number = 1000', /^1000: does not match .* 0000/],
    ['a missing entry', 'DELETE FROM entries WHERE number = 1000', /^1000: is missing$/],
    ['missing entries', 'DELETE FROM entries WHERE number BETWEEN 1000 AND 1009', /^1000: is missing, and all up to 1009$/],
    ['a missing tail', `DELETE FROM entries WHERE number >= ${LENGTH - 1}`, /^2499: is missing$/],
    ['an unknown type', "UPDATE entries SET type = 'gift' WHERE number = 1000", /^1000: cannot be read: .*unknown type gift/],
    ['a short digest', "UPDATE entries SET digest = x'00' WHERE number = 1000", /^1000: cannot be read: digest is 1 bytes/],
    ['an integer beyond 2^53-1', 'UPDATE entries SET quantity = 9007199254740993 WHERE number = 1000', /^1000: cannot be read/],
  ])('finds %s in either kind of file', (_, sql, message) => {
    tamper(ledgerPath, sql)
    tamper(logPath, sql)
    for (const copy of [lookAtLedger(), lookAtLog()]) {
      expect(words(copy)[0]).toMatch(message)
      expect(copy.findings.count).toBeLessThanOrEqual(2)
    }
  })

  it.each([
    ['a level that does not follow', `REPLACE INTO stocks VALUES (${stockRow('ford', 1193, 7, 350)})`, /ford has 7 shares.* lead to 1000/],
    ['a level without its checksum', "UPDATE stocks SET quantity = 7 WHERE name = 'ford'", /table stocks does not match/],
    ['a missing stock', "DELETE FROM stocks WHERE name = 'ford'", /stock ford is missing/],
    ['a stock from nowhere', `INSERT INTO stocks VALUES (${stockRow('nobody', 1, 1, 1)})`, /nobody was never for sale/],
    ['a changed rejection', "UPDATE rejections SET reason = 'not-enough'", /row of table rejections does not match/],
    ['a key that was refused as well', "UPDATE rejections SET key = 'c:7'", /^7: its key c:7 was refused as well$/],
    ['a changed address', "UPDATE replicas SET address = '127.0.0.1:2'", /row of table replicas does not match/],
  ])('finds %s in a ledger', (_, sql, message) => {
    tamper(ledgerPath, sql)
    expect(words(lookAtLedger())).toContainEqual(expect.stringMatching(message))
  })

  it.each([
    ['cluster', 'UPDATE cluster SET generation = 0', 'ledger' as const],
    ['log', 'UPDATE log SET sealed_generation = 0', 'order log' as const],
  ])('says that the row of table %s is damaged', (table, sql, kind) => {
    const path = kind === 'ledger' ? ledgerPath : logPath
    tamper(path, sql)
    expect(words(look(path, kind))).toEqual([expect.stringContaining(`table ${table} does not match its checksum`)])
  })

  it('reads on behind a broken page, and counts what it does not list', () => {
    const bytes = readFileSync(logPath)
    const page = bytes.indexOf('c:1000print') & ~4095
    bytes.fill(0xa5, page, page + 12)
    writeFileSync(logPath, bytes)
    const log = lookAtLog()
    expect(log.length).toBe(LENGTH)
    expect(log.findings.count).toBeGreaterThan(0)
    expect(words(log)[0]).toMatch(/^\d+: (is missing|cannot be read)/)
  })

  it('tells of a marker', () => {
    writeFileSync(`${logPath}.damaged`, 'entry 7 does not match its digest\n')
    expect(words(lookAtLog())).toEqual([`${logPath}.damaged says: entry 7 does not match its digest`])
  })

  it('compares each copy with the ledger', async () => {
    const ledger = lookAtLedger()
    const behind = await writeLog('order2.db', entries.slice(0, 100))
    const forked = await writeLog(
      'order3.db',
      entries.map((entry) => (entry.number < 1_234 ? entry : { ...entry, timeMs: 9 })),
    )
    const ahead = await writeLog('order4.db', [...entries, { ...entries[0]!, number: LENGTH, key: 'c:ahead' }])
    const ofAnotherCluster = await writeLog('order5.db', entries.slice(0, 10), 'c-2')
    expect(referenceAmong([behind, ledger, ahead])).toBe(ledger)
    expect(referenceAmong([behind, ahead, ofAnotherCluster])).toBe(ahead)
    const standings: readonly [VerifiedCopy, Standing, RegExp[]][] = [
      [behind, { kind: 'behind', lacks: LENGTH - 100 }, []],
      [forked, { kind: 'parted' }, [/^1234: .*catalog.db has .*"timeMs":1}, this copy .*"timeMs":9}/]],
      [ahead, { kind: 'other' }, [/holds 2501 entries, .* only the first 2500/]],
      [ofAnotherCluster, { kind: 'other' }, [/belongs to cluster c-2/]],
    ]
    for (const [copy, standing, messages] of standings) {
      expect(await compare(copy, ledger)).toEqual(standing)
      expect(words(copy)).toEqual(messages.map((message) => expect.stringMatching(message)))
    }
  })

  it('needs no more room for large entries than for small ones', async () => {
    const many = 48
    const large = entries.slice(0, many).map((entry) => ({ ...entry, key: `g:${entry.number}-${'k'.repeat(2 * 1024 * 1024)}` }))
    const path = (await writeLog('order6.db', large)).source
    const program = `
      import { workerData } from 'node:worker_threads'
      const { verifyFile } = await import(workerData.program)
      const { length, findings, close } = verifyFile(workerData.path, 'order log', { begin() {}, advance() {} })
      if (length !== workerData.length || findings.count > 0) throw new Error(JSON.stringify(findings.kept))
      close()`
    const ended = Promise.withResolvers<unknown>()
    const worker = new Worker(program, {
      eval: true,
      execArgv: ['--input-type=module'],
      workerData: { program: new URL('./verified-file.ts', import.meta.url).href, path, length: many },
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    })
    worker.once('error', ended.reject).once('exit', ended.resolve)
    expect(await ended.promise).toBe(0)
  })

  it('takes a log without a history for an empty one', async () => {
    await (await openLog(join(folder, 'order9.db'))).close()
    const copy = lookAtLog(join(folder, 'order9.db'))
    expect(words(copy)).toEqual([])
    expect(await compare(copy, lookAtLedger())).toEqual({ kind: 'empty' })
  })

  it('tells what is no file of that kind', () => {
    expect(look(logPath, 'ledger')).toMatchObject({ findings: { count: 0 }, unverified: expect.stringMatching(/is not a ledger/) })
    const nowhere = look(join(folder, 'nowhere.db'), 'ledger')
    expect(nowhere).toMatchObject({ findings: { count: 0 }, unverified: expect.stringMatching(/cannot be used/) })
  })
})
