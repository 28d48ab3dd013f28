import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { chainDigest, genesisDigest } from '../../storage/chain.ts'
import type { Ledger } from '../../storage/ledger.ts'
import { embeddedLedgerStore } from '../../storage/embedded/ledger-store.ts'
import { openEmbeddedOrderLog } from '../../storage/embedded/order-log-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'
import { runReadOnly, whyNoMounts } from '../../../test/read-only.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/bazaar.js', import.meta.url))
const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = 200
const HOPELESS_MS = 60_000
const REQUEST = { key: 'c:0', fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 } as const

describe('bazaar verify', () => {
  let data = ''

  const verify = (...options: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'verify', '--data', data, ...options], {
      encoding: 'utf8',
      cwd: data,
      timeout: HOPELESS_MS,
    })
    return { status, stdout, stderr }
  }
  const tamper = (name: string, sql: string): void => {
    const database = new DatabaseSync(join(data, name))
    database.exec(sql)
    database.close()
  }

  const openLedger = async (): Promise<Ledger> => {
    const opening = await embeddedLedgerStore(join(data, 'catalog.db')).open()
    if (opening.kind !== 'ready') throw new Error(`the ledger is ${opening.kind}`)
    return opening.ledger
  }
  const openLog = (replica = 1) =>
    openEmbeddedOrderLog(join(data, `order${replica}.db`), { newDiskId: () => `disk-${replica}`, onDamage: expect.unreachable })

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'verify-command-'))
    const ledger = await newLedger(embeddedLedgerStore(join(data, 'catalog.db')), GENESIS)
    const requests = Array.from({ length: LENGTH }, (_, index) => ({ ...REQUEST, key: `c:${index}` }))
    const { entries } = await ledger.decide(decide, requests, 1)
    for (const [replica, length] of [LENGTH, LENGTH, LENGTH - 5].entries()) {
      const log = await openLog(replica + 1)
      await log.seal(1, GENESIS)
      await log.append(entries.slice(0, length), (await ledger.digestAt(length)) ?? '')
      await log.close()
    }
    await ledger.close()
  })
  afterEach(() => rmSync(data, { recursive: true }))

  it('says that all is well, and how far each copy is', () => {
    const { status, stdout, stderr } = verify()
    expect(stdout).toMatch(/catalog\.db +ledger, 200 entries/)
    expect(stdout).toMatch(/order1\.db .*, same as the ledger/)
    expect(stdout).toMatch(/order3\.db .*, 5 behind the ledger/)
    expect(stdout).toMatch(/All is well: 4 copies, 200 entries/)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('says what is wrong, where, and what to do', () => {
    tamper('order2.db', 'UPDATE entries SET quantity = 7 WHERE number = 100')
    const { status, stdout } = verify()
    expect(stdout).toMatch(/BAD .*order2\.db .*\n +entry 100: does not match its digest: \w{64} is expected, \w{64} is stored/)
    expect(stdout).toMatch(/What to do: `touch .*order2\.db\.damaged` and restart the replica/)
    expect(stdout).toMatch(/Not well: 1 of 4 copies/)
    expect(status).toBe(1)
  })

  it('goes on when one file is none of its kind, as after damage to its header', () => {
    tamper('order2.db', 'PRAGMA application_id = 7')
    const { status, stdout } = verify()
    expect(stdout).toMatch(/\?\?\? .*order2\.db .*not verified\n +.*is not an order log: .*PRAGMA application_id = \d+/)
    expect(stdout).toMatch(/Nothing bad was found, but 1 of 4 copies could not be verified/)
    expect(status).toBe(1)
  })

  /** The files as a killed process leaves them: with a write-ahead log that holds something, and without its index. */
  async function leaveWriteAheadLogs(): Promise<void> {
    const [ledger, log] = [await openLedger(), await openLog()]
    const { entries, digest } = await ledger.decide(decide, [{ ...REQUEST, key: 'c:one-more' }], 2)
    await log.append(entries, digest)
    const copies = ['catalog.db', 'order1.db'].flatMap((name) => [name, `${name}-wal`])
    const bytes = copies.map((name) => readFileSync(join(data, name)))
    await ledger.close()
    await log.close()
    for (const [at, name] of copies.entries()) writeFileSync(join(data, name), bytes[at]!)
    for (const name of readdirSync(data)) if (/-shm$|\.lock$/.test(name)) rmSync(join(data, name))
  }

  it.skipIf(whyNoMounts())('reads sound files on a read-only file system, with write-ahead logs or without', async () => {
    for (const length of [LENGTH, LENGTH + 1]) {
      if (length > LENGTH) await leaveWriteAheadLogs()
      const before = readdirSync(data)
      const { status, stdout } = runReadOnly(data, [process.execPath, PROGRAM, 'verify', '--data', data])
      expect(stdout).toMatch(new RegExp(`All is well: 4 copies, ${length} entries`))
      expect(stdout).toMatch(/order1\.db .*, same as the ledger/)
      expect(status).toBe(0)
      expect(readdirSync(data)).toEqual(before)
    }
  })

  it.skipIf(whyNoMounts())('finds damage on a read-only file system, and what it cannot read is not called damaged', async () => {
    tamper('order2.db', 'UPDATE entries SET quantity = 7 WHERE number = 100')
    rmSync(join(data, 'order3.db'))
    symlinkSync('nowhere.db', join(data, 'order3.db'))
    const { status, stdout } = runReadOnly(data, [process.execPath, PROGRAM, 'verify', '--data', data])
    expect(stdout).toMatch(/ok .*order1\.db/)
    expect(stdout).toMatch(/BAD .*order2\.db .*\n +entry 100: does not match/)
    expect(stdout).toMatch(/\?\?\? .*order3\.db .*not verified\n +.*nowhere\.db cannot be used: ENOENT/)
    expect(stdout).toMatch(/Not well: 1 of 4 copies; 1 could not be verified/)
    expect(status).toBe(1)
  })

  it('follows a symbolic link to the file and to the files beside it', async () => {
    await leaveWriteAheadLogs()
    const elsewhere = join(data, 'elsewhere')
    mkdirSync(elsewhere)
    for (const name of ['catalog.db', 'catalog.db-wal']) renameSync(join(data, name), join(elsewhere, name))
    symlinkSync(join('elsewhere', 'catalog.db'), join(data, 'catalog.db'))
    expect(verify().stdout).toMatch(/All is well: 4 copies, 201 entries/)
    writeFileSync(join(elsewhere, 'catalog.db.damaged'), 'seen before')
    expect(verify().stdout).toMatch(/BAD .*catalog\.db .*\n +.*elsewhere.*says: seen before/)
  })

  it('advises nobody to wait for a recovery from a copy that went on apart', async () => {
    rmSync(join(data, 'order3.db'))
    const log = await openLog(3)
    await log.seal(1, GENESIS)
    const entries = Array.from({ length: LENGTH + 1 }, (_, number) => ({
      ...REQUEST,
      key: `c:other-${number}`,
      number,
      generation: 1,
      timeMs: 1,
    }))
    await log.append(entries, entries.reduce(chainDigest, genesisDigest(GENESIS)))
    await log.close()
    const { status, stdout } = verify()
    expect(stdout).toMatch(/BAD .*order3\.db .*no prefix of the ledger/)
    expect(stdout).toMatch(/What to do: two histories of one system/)
    expect(stdout).not.toMatch(/recovers from the longest log/)
    expect(status).toBe(1)
  })

  it('advises nobody to put the last copies aside', () => {
    for (const name of readdirSync(data)) if (name.startsWith('catalog')) rmSync(join(data, name))
    for (const replica of [1, 2, 3]) tamper(`order${replica}.db`, `UPDATE entries SET quantity = 7 WHERE number = ${replica}`)
    const { stdout } = verify()
    expect(stdout.match(/What to do: no sound copy here holds as many entries/g)).toHaveLength(3)
    expect(stdout).not.toMatch(/`touch/)
  })

  it.skipIf(process.platform === 'win32')('waits for no writer where a pipe stands in the place of a file, or beside it', () => {
    rmSync(join(data, 'order2.db'))
    for (const name of ['order2.db', 'order1.db-wal', 'order3.db.damaged']) spawnSync('mkfifo', [join(data, name)])
    const { status, stdout } = verify()
    for (const name of ['order2.db', 'order1.db-wal', 'order3.db.damaged']) {
      expect(stdout).toMatch(new RegExp(`${name} cannot be used: it is a pipe, where a file belongs: move it away`))
    }
    expect(stdout).toMatch(/Nothing bad was found, but 3 of 4 copies could not be verified/)
    expect(status).toBe(1)
  })

  it('says it in JSON', () => {
    tamper('catalog.db', 'DELETE FROM entries WHERE number = 100')
    const { status, stdout } = verify('--json')
    const report = JSON.parse(stdout) as { copies: { source: string }[] }
    expect(report).toMatchObject({ ok: false, comparedWith: join(data, 'catalog.db') })
    expect(report.copies.find(({ source }) => source.endsWith('catalog.db'))).toMatchObject({
      ok: false,
      problems: expect.any(Number),
      findings: expect.arrayContaining([{ entry: 100, what: 'is missing' }]),
      advice: expect.stringContaining('with all replicas running'),
    })
    expect(status).toBe(1)
  })

  it('can do without a ledger, and refuses a folder without any copy', () => {
    for (const name of readdirSync(data)) if (name.startsWith('catalog')) rmSync(join(data, name))
    expect(verify()).toMatchObject({ status: 0, stdout: expect.stringMatching(/no ledger to compare with/) })
    for (const name of readdirSync(data)) rmSync(join(data, name))
    expect(verify()).toMatchObject({ status: 1, stderr: expect.stringMatching(/neither catalog.db nor an order log/) })
  })

  it('says which address does not answer', () => {
    expect(verify('--address', '127.0.0.1:1')).toMatchObject({ status: 1, stderr: expect.stringMatching(/127\.0\.0\.1:1/) })
    expect(verify('--address', 'nowhere')).toMatchObject({ status: 2 })
  })
})
