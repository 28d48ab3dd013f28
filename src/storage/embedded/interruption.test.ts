import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide } from '../../catalogue/decide.ts'
import type { Entry } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { chainDigest, genesisDigest } from '../chain.ts'
import type { LogPage } from '../ledger.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const REPLICAS = [{ replicaId: 1, address: 'one:1' }]
const OLD_LENGTH = 5
const NEW_LENGTH = 30
const STEPS_MAX = 40

const originAt = (generation: number) => ({ genesis: GENESIS, generation, replicas: REPLICAS })

const moduleUrl = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

const ENTRIES: readonly Entry[] = Array.from({ length: NEW_LENGTH }, (_, number) => ({
  number,
  generation: 1,
  key: `c:${number}`,
  fingerprint: 'print',
  name: 'tesla',
  type: 'sell',
  quantity: 1,
  timeMs: number,
}))

const PAGES: readonly LogPage[] = [10, 20, NEW_LENGTH].map((end) => ({
  entries: ENTRIES.slice(end - 10, end),
  digest: ENTRIES.slice(0, end).reduce(chainDigest, genesisDigest(GENESIS)),
}))

async function* pages(): AsyncIterable<LogPage> {
  yield* PAGES
}

/** Makes a script kill itself before the given step. A step is a call that changes files behind SQLite's back, or a page. */
const PRELUDE = `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const [path, fatal] = process.argv.slice(1)
let steps = 0
const step = () => {
  if (steps === Number(fatal)) {
    process.kill(process.pid, 'SIGKILL')
    for (;;);
  }
  steps += 1
}
for (const name of ['renameSync', 'rmSync', 'fsyncSync']) {
  const real = fs[name]
  fs[name] = (...given) => {
    step()
    return real(...given)
  }
}
syncBuiltinESMExports()
`

const REBUILD = `${PRELUDE}
const { embeddedLedgerStore } = await import(${moduleUrl('./ledger-store.ts')})
async function* pages() {
  for (const page of ${JSON.stringify(PAGES)}) {
    step()
    yield page
  }
}
await embeddedLedgerStore(path).rebuild(${JSON.stringify(originAt(7))}, pages())`

const CUT = `${PRELUDE}
const { openEmbeddedOrderLog } = await import(${moduleUrl('./order-log-file.ts')})
const log = await openEmbeddedOrderLog(path, { newDiskId: () => 'another', onDamage: console.error })
await log.cut(${OLD_LENGTH})`

/** Runs the script. Says whether it came to its end (true), or was killed as asked (false). */
function completes(script: string, path: string, fatalStep: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path, `${fatalStep}`], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL' && code !== 0) reject(new Error(`the script ended with ${code ?? signal}`))
      resolve(code === 0)
    })
  })
}

describe('embedded engines, killed between two steps', () => {
  let folder = ''
  let origin = ''
  let scene = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'interruption-'))
    origin = join(folder, 'origin')
    scene = join(folder, 'scene')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const resetScene = async (): Promise<void> => {
    await rm(scene, { recursive: true, force: true })
    await cp(origin, scene, { recursive: true })
  }
  const namesLike = async (pattern: RegExp): Promise<string[]> => (await readdir(scene)).filter((name) => pattern.test(name))
  const countEntries = (name: string): unknown => {
    const database = new DatabaseSync(join(scene, name), { readOnly: true })
    const row = database.prepare('SELECT count(*) AS entries FROM entries').get()
    database.close()
    return row?.['entries']
  }

  /** Makes an old ledger that was not closed, so that most of it is in the write-ahead log. */
  const prepareLedger = async (): Promise<void> => {
    const ledger = await newLedger(embeddedLedgerStore(join(folder, 'open', 'catalog.db')), GENESIS)
    await ledger.decide(decide, ENTRIES.slice(0, OLD_LENGTH), 1)
    await cp(join(folder, 'open'), origin, { recursive: true })
    await ledger.close()
  }

  it('L4: a rebuild leaves the old ledger or the new one, and can be repeated', async () => {
    await prepareLedger()
    const path = join(scene, 'catalog.db')
    const lengths: number[] = []
    for (let fatal = 0, completed = false; !completed; fatal += 1) {
      expect(fatal).toBeLessThan(STEPS_MAX)
      await resetScene()
      completed = await completes(REBUILD, path, fatal)
      const store = embeddedLedgerStore(path)
      const opening = await store.open()
      if (opening.kind !== 'ready') throw new Error(`killed before step ${fatal}, the ledger is ${opening.kind}`)
      const { length, generation } = opening.ledger.head()
      lengths.push(length)
      expect({ length, generation }).toEqual(length === NEW_LENGTH ? { length, generation: 7 } : { length: OLD_LENGTH, generation: 0 })
      expect(await opening.ledger.knownReplicas()).toEqual(length === NEW_LENGTH ? REPLICAS : [])
      await opening.ledger.close()
      const archives = await namesLike(/\.replaced-\d+$/)
      expect(archives.map(countEntries)).toEqual(length === NEW_LENGTH ? [OLD_LENGTH] : [])

      await (await store.rebuild(originAt(8), pages())).close()
      expect(await namesLike(/\.replaced-\d+$/)).toHaveLength(archives.length + 1)
      expect(await namesLike(/rebuilding|rebuilt/)).toEqual([])
    }
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
    expect(new Set(lengths)).toEqual(new Set([OLD_LENGTH, NEW_LENGTH]))
    expect(lengths.length).toBeGreaterThan(12)
  })

  it('G4: a cut is done or not, and never done without its archive', async () => {
    const openLog = (path: string) => openEmbeddedOrderLog(path, { newDiskId: () => 'disk-1', onDamage: expect.unreachable })
    const written = await openLog(join(origin, 'order1.db'))
    await written.seal(3, GENESIS)
    await written.append(ENTRIES, ENTRIES.reduce(chainDigest, genesisDigest(GENESIS)))
    await written.close()
    const path = join(scene, 'order1.db')
    for (let fatal = 0, completed = false; !completed; fatal += 1) {
      expect(fatal).toBeLessThan(STEPS_MAX)
      await resetScene()
      completed = await completes(CUT, path, fatal)
      const log = await openLog(path)
      const { length } = log.head()
      expect([OLD_LENGTH, NEW_LENGTH]).toContain(length)
      expect(await log.entries(0, NEW_LENGTH)).toEqual(ENTRIES.slice(0, length))
      const archives = await namesLike(/^order1\.cut-\d+\.db$/)
      expect(archives.map(countEntries)).toEqual(archives.map(() => NEW_LENGTH - OLD_LENGTH))
      if (length === OLD_LENGTH) expect(archives).toEqual(['order1.cut-1.db'])
      expect((await log.cut(OLD_LENGTH)).length).toBe(OLD_LENGTH)
      await log.close()
    }
  })

  it('the archive of a tail has the tables of a log', async () => {
    const path = join(folder, 'order1.db')
    const log = await openEmbeddedOrderLog(path, { newDiskId: () => 'disk-1', onDamage: expect.unreachable })
    await log.seal(3, GENESIS)
    await log.append(ENTRIES, ENTRIES.reduce(chainDigest, genesisDigest(GENESIS)))
    await log.cut(20)
    await log.cut(OLD_LENGTH)
    const second = new DatabaseSync(join(folder, 'order1.cut-2.db'), { readOnly: true })
    const own = new DatabaseSync(path, { readOnly: true })
    const tables = 'SELECT name, sql FROM sqlite_schema ORDER BY name'
    expect(second.prepare(tables).all()).toEqual(own.prepare(tables).all())
    expect(second.prepare('SELECT * FROM genesis').all()).toEqual(own.prepare('SELECT * FROM genesis').all())
    expect(second.prepare('SELECT disk_id, cluster_id, sealed_generation, length FROM log').all()).toEqual([
      { disk_id: 'disk-1', cluster_id: 'c-1', sealed_generation: 3, length: 20 },
    ])
    const numbers = second.prepare('SELECT number, key FROM entries ORDER BY number').all()
    expect(numbers).toEqual(ENTRIES.slice(OLD_LENGTH, 20).map(({ number, key }) => ({ number, key })))
    second.close()
    own.close()
    await log.close()
  })
})
