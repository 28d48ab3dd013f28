import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../src/catalogue/decide.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { embeddedLedgerStore } from '../../src/storage/embedded/ledger-store.ts'
import { openEmbeddedOrderLog } from '../../src/storage/embedded/order-log-file.ts'
import { identityOf, verifyFiles } from './verified.ts'
import { newLedger } from '../contract/new-ledger.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const LENGTH = 40

describe('the verdict of verify about the files of a round', () => {
  let folder = ''
  /** Verifies the ledger, a sound order log, and `third`, which a fault may have damaged. */
  const verify = (third: string, isDamaged: boolean): Promise<string[]> =>
    verifyFiles(
      [
        { path: join(folder, 'catalog.db'), kind: 'ledger', isDamaged: false },
        { path: join(folder, 'order1.db'), kind: 'order log', isDamaged: false },
        { path: join(folder, third), kind: 'order log', isDamaged },
      ],
      LENGTH,
    )
  const tamper = (name: string): void => {
    const database = new DatabaseSync(join(folder, name))
    database.exec('UPDATE entries SET quantity = 7 WHERE number = 10')
    database.close()
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bazaar-verified-'))
    const ledger = await newLedger(embeddedLedgerStore(join(folder, 'catalog.db')), GENESIS)
    const order = { fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }
    const requests = Array.from({ length: LENGTH }, (_, index) => ({ key: `c:${index}`, ...order }))
    const { entries } = await ledger.decide(decide, requests, 1)
    for (const [name, length] of [
      ['order1.db', LENGTH],
      ['order2.db', LENGTH],
      ['short.db', LENGTH - 5],
    ] as const) {
      const options = { newDiskId: () => `disk of ${name}`, onDamage: expect.unreachable }
      const log = await openEmbeddedOrderLog(join(folder, name), options)
      await log.seal(1, GENESIS)
      await log.append(entries.slice(0, length), (await ledger.digestAt(length)) ?? '')
      await log.close()
    }
    await ledger.close()
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('accepts files that are sound and the same, damaged once or not', async () => {
    expect(await verify('order2.db', false)).toEqual([])
    expect(await verify('order2.db', true)).toEqual([])
  })

  it('accepts no loss that all files share', async () => {
    const [short, shorter] = ['short.db', 'short.db'].map((name) => ({
      path: join(folder, name),
      kind: 'order log' as const,
      isDamaged: false,
    }))
    expect(await verifyFiles([short!, shorter!], LENGTH)).toEqual(
      Array(2).fill(expect.stringMatching(/short\.db holds 35 entries, and had 40/)),
    )
  })

  it('accepts damage that is found where a fault brought it, and nowhere else', async () => {
    tamper('order2.db')
    expect(await verify('order2.db', true)).toEqual([])
    expect(await verify('order2.db', false)).toEqual([expect.stringMatching(/^verify: .*BAD .*order2\.db.*entry 10/s)])
  })

  it('accepts no silence about a difference', async () => {
    expect(await verify('short.db', true)).toEqual([expect.stringMatching(/^verify is silent .*short\.db.*5 behind/s)])
    expect(await verify('short.db', false)).toEqual([expect.stringMatching(/^verify: .*short\.db.*5 behind/s)])
  })

  it('tells a file from the one that was put in its place', () => {
    const path = join(folder, 'order2.db')
    const damaged = identityOf(path)
    tamper('order2.db')
    expect(identityOf(path)).toBe(damaged)
    renameSync(path, `${path}.damaged-1`)
    expect(identityOf(path)).toBeUndefined()
    copyFileSync(join(folder, 'order1.db'), path)
    expect(identityOf(path)).not.toBe(damaged)
  })
})
