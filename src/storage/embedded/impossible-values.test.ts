import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newLedger } from '../../../test/contract/new-ledger.ts'
import { LIMITS } from '../../domain/limits.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { DamagedFile } from './file/damage.ts'
import { isReplica, StorageFailure } from '../ledger.ts'
import { withChecksum } from './file/row.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'
import { verifyFile } from '../verify/verified-file.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const SILENT = { begin: () => {}, advance: () => {} }
/** Values that an earlier version may have taken from a foreign process and written: integers up to SQLite's largest. */
const IMPOSSIBLE = [LIMITS.generationMax + 1, 2 ** 53 - 1, 2 ** 60, 2 ** 63 - 1024]

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bazaar-'))
  path = join(folder, 'file.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes one row of a table anew, with its checksum, as the engine itself would. */
function write(table: string, change: Readonly<Record<string, SQLInputValue>>): void {
  const database = new DatabaseSync(path)
  const { checksum: _, ...before } = database.prepare(`SELECT * FROM ${table}`).get() ?? {}
  const values = withChecksum(table, Object.values({ ...before, ...change }) as SQLInputValue[])
  const insert = database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${values.map(() => '?').join()})`)
  insert.setReadBigInts(true)
  insert.run(...values)
  database.close()
}

const openLog = () => openEmbeddedOrderLog(path, { newDiskId: () => 'disk-1', onDamage: () => expect.unreachable() })

async function refusalOf(opening: Promise<unknown>): Promise<Error> {
  const error = await opening.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(StorageFailure)
  expect(error).not.toBeInstanceOf(DamagedFile)
  return error as Error
}

describe.each(IMPOSSIBLE)('a generation of %i', (generation) => {
  it('in an order log is told of, and the file stays as it is', async () => {
    const log = await openLog()
    await log.seal(1, GENESIS)
    await log.close()
    write('log', { sealed_generation: generation })
    const { message } = await refusalOf(openLog())
    expect(message).toContain(`${path}: its sealed_generation is ${generation}, and no catalogue comes to more than`)
    expect(readdirSync(folder).filter((name) => /damaged|replaced/.test(name))).toEqual([])
    expect(verifyFile(path, 'order log', SILENT).findings.kept[0]?.what).toContain('sealed_generation')
  })

  it('in a ledger, likewise', async () => {
    await (await newLedger(embeddedLedgerStore(path), GENESIS)).close()
    write('cluster', { generation })
    const { message } = await refusalOf(embeddedLedgerStore(path).open())
    expect(message).toContain(`its generation is ${generation}`)
    expect(readdirSync(folder).filter((name) => /damaged|replaced/.test(name))).toEqual([])
  })
})

it('the highest generation there is cannot be raised, and can be read', async () => {
  const store = embeddedLedgerStore(path)
  await (await newLedger(store, GENESIS)).close()
  write('cluster', { generation: LIMITS.generationMax - 1 })
  const opened = await store.open()
  if (opened.kind !== 'ready') return expect.unreachable()
  expect(await opened.ledger.raiseGeneration(0)).toBe(LIMITS.generationMax)
  await expect(opened.ledger.raiseGeneration(0)).rejects.toThrow('cannot be raised above')
  await opened.ledger.close()
  const again = await store.open()
  expect(again.kind).toBe('ready')
  if (again.kind === 'ready') await again.ledger.close()
})

it.each([
  [-1, '127.0.0.1:5001'],
  [2 ** 60, '127.0.0.1:5001'],
  [7, 'x'],
])('a replica %i at "%s" in a ledger is read as it is, and can be forgotten', async (replicaId, address) => {
  const store = embeddedLedgerStore(path)
  const ledger = await newLedger(store, GENESIS)
  await ledger.rememberReplica({ replicaId: 1, address: '127.0.0.1:5000' })
  await ledger.close()
  write('replicas', { replica_id: replicaId, address })
  const opened = await store.open()
  if (opened.kind !== 'ready') return expect.unreachable()
  const strange = (await opened.ledger.knownReplicas()).filter((replica) => !isReplica(replica))
  expect(strange).toEqual([{ replicaId, address }])
  await opened.ledger.forgetReplica(...strange)
  expect(await opened.ledger.knownReplicas()).toEqual([{ replicaId: 1, address: '127.0.0.1:5000' }])
  await opened.ledger.close()
  expect(verifyFile(path, 'ledger', SILENT).findings.kept).toEqual([])
})
