import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { embeddedLedgerStore } from '../../storage/embedded/ledger-store.ts'
import { openEmbeddedOrderLog } from '../../storage/embedded/order-log-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/bazaar.js', import.meta.url))
const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = 200

describe('bazaar verify', { timeout: 30_000 }, () => {
  let data = ''

  const verify = (...options: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'verify', '--data', data, ...options], {
      encoding: 'utf8',
      cwd: data,
    })
    return { status, stdout, stderr }
  }
  const tamper = (name: string, sql: string): void => {
    const database = new DatabaseSync(join(data, name))
    database.exec(sql)
    database.close()
  }

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'verify-command-'))
    const ledger = await newLedger(embeddedLedgerStore(join(data, 'catalog.db'), { decide }), GENESIS)
    const requests = Array.from({ length: LENGTH }, (_, index) => ({
      key: `c:${index}`,
      fingerprint: 'print',
      name: 'tesla',
      type: 'sell',
      quantity: 1,
    }))
    const { entries } = await ledger.decide(requests, 1)
    for (const [replica, length] of [LENGTH, LENGTH, LENGTH - 5].entries()) {
      const path = join(data, `order${replica + 1}.db`)
      const log = await openEmbeddedOrderLog(path, { newDiskId: () => `disk-${replica}`, onDamage: expect.unreachable })
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
    expect(stdout).toMatch(/BAD .*order2\.db .*\n +.*is not an order log: .*`touch .*order2\.db\.damaged`/)
    expect(stdout).toMatch(/Not well: 1 of 4 copies/)
    expect(status).toBe(1)
  })

  it('advises nobody to put the last copies aside', () => {
    for (const name of readdirSync(data)) if (name.startsWith('catalog')) rmSync(join(data, name))
    for (const replica of [1, 2, 3]) tamper(`order${replica}.db`, `UPDATE entries SET quantity = 7 WHERE number = ${replica}`)
    const { stdout } = verify()
    expect(stdout.match(/What to do: no sound copy here holds as many entries/g)).toHaveLength(3)
    expect(stdout).not.toMatch(/`touch/)
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

  it('does without a ledger, and not without anything', () => {
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
