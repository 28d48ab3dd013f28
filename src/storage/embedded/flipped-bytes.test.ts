import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../test/checkers/seeded-random.ts'
import { decide } from '../../catalogue/decide.ts'
import type { Entry, OrderRequest } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { chainDigest, genesisDigest } from '../chain.ts'
import { StorageFailure, type Ledger } from '../ledger.ts'
import { Levels } from '../levels.ts'
import type { OrderLog } from '../order-log.ts'
import { compare, type CopyKind, type VerifiedCopy } from '../verify/verification.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'
import { verifyFile } from '../verify/verified-file.ts'
import { newLedger } from '../../../test/contract/new-ledger.ts'

const SEED = 20261122
const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const BATCHES = 7
const BATCH = 40
const PAGE_BYTES = 4096
const HEADER_BYTES = 100
const WAL_HEADER_BYTES = 32
const FRAME_BYTES = 24 + PAGE_BYTES

const SILENT = { begin: () => {}, advance: () => {} }

/** All answers that a reader can get from a file. A string says why there is none. */
type Told = Readonly<Record<string, unknown>> | string

/** A damaged copy of a scene: which file was damaged, and how. */
interface Damaging {
  readonly what: string
  readonly file: string
  readonly spoil: (bytes: Buffer) => Buffer | undefined
}

const accepted = (batch: number): OrderRequest[] =>
  Array.from({ length: BATCH }, (_, index) => ({
    key: `c:${batch}-${index}`,
    fingerprint: `print-${index}`,
    name: OPENING_CATALOGUE[index % 10]?.name ?? '',
    type: index % 3 === 0 ? 'buy' : 'sell',
    quantity: 1 + index,
  }))

const refused = (prefix: string, count: number): OrderRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `c:${prefix}-${index}`,
    fingerprint: 'print',
    name: 'nobody',
    type: 'buy',
    quantity: 1,
  }))

const KNOWN_KEYS = [...Array.from({ length: BATCHES }, (_, batch) => accepted(batch)).flat(), ...refused('new', 30)]

describe('single bytes, cuts and deletions', () => {
  let folder = ''
  let disks = 0
  const random = new SeededRandom(SEED)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bytes-'))
    for (const scene of ['closed', 'killed', 'damaged']) mkdirSync(join(folder, scene))
    const [ledgerPath, logPath] = [join(folder, 'closed', 'catalog.db'), join(folder, 'closed', 'order1.db')]
    const ledger = await newLedger(embeddedLedgerStore(ledgerPath), GENESIS)
    const log = await openLog(logPath)
    await log.seal(await ledger.raiseGeneration(0), GENESIS)
    for (const replicaId of [1, 2, 3]) await ledger.rememberReplica({ replicaId, address: `127.0.0.1:${replicaId}` })
    await ledger.decide(decide, refused('old', 150), 1)
    await ledger.decide(decide, refused('new', 30), 1_000)
    await ledger.pruneRejections(500) // Leaves free pages behind.
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const { entries, digest } = await ledger.decide(decide, accepted(batch), 1_000 + batch)
      ledger.notePublished(ledger.head().length)
      await log.append(entries, digest)
    }
    for (const name of ['catalog.db', 'catalog.db-wal', 'order1.db', 'order1.db-wal']) {
      copyFileSync(join(folder, 'closed', name), join(folder, 'killed', name))
    }
    await ledger.close()
    await log.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const openLog = (path: string): Promise<OrderLog> =>
    openEmbeddedOrderLog(path, {
      newDiskId: () => `disk-${(disks += 1)}`,
      onDamage: (why) => {
        throw new StorageFailure(why)
      },
    })

  async function askLedger(ledger: Ledger): Promise<Told> {
    const entries = await ledger.entries(0, 10_000)
    const told = { head: ledger.head(), stocks: await ledger.stocks(), entries, replicas: await ledger.knownReplicas() }
    const digests = await Promise.all([0, 100, told.head.length].map((length) => ledger.digestAt(length)))
    return { ...told, digests, outcomes: (await ledger.decide(decide, KNOWN_KEYS, 9_000)).outcomes }
  }

  async function askLog(log: OrderLog): Promise<Told> {
    if (log.head().diskId !== 'disk-1') return 'a new log begins'
    const entries = await log.entries(0, 10_000)
    return { head: log.head(), entries, digests: await Promise.all([0, 100].map((length) => log.digestAt(length))) }
  }

  /** Reads everything from the scene's file of that kind. */
  async function ask(scene: string, kind: CopyKind): Promise<Told> {
    let opened: Ledger | OrderLog | undefined
    try {
      if (kind === 'order log') return await askLog((opened = await openLog(join(folder, scene, 'order1.db'))))
      const opening = await embeddedLedgerStore(join(folder, scene, 'catalog.db')).open()
      if (opening.kind !== 'ready') return opening.kind
      return await askLedger((opened = opening.ledger))
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error
      return error.message
    } finally {
      await opened?.close()
    }
  }

  /** Verifies the scene's file of that kind. Returns what is wrong with it, or undefined when all is well. */
  async function verify(scene: string, kind: CopyKind): Promise<string | undefined> {
    const copies: VerifiedCopy[] = []
    const look = (name: string, of: CopyKind): VerifiedCopy | string => {
      const path = join(folder, scene, name)
      if (!existsSync(path)) return 'it is not there'
      try {
        const copy = verifyFile(path, of, SILENT)
        copies.push(copy)
        return copy
      } catch (error) {
        if (!(error instanceof StorageFailure)) throw error
        return error.message
      }
    }
    try {
      const [log, ledger] = [look('order1.db', 'order log'), look('catalog.db', 'ledger')]
      const own = kind === 'ledger' ? ledger : log
      if (typeof own === 'string') return own
      if (own.unverified !== undefined) return own.unverified
      if (typeof ledger === 'string' || typeof log === 'string') return 'the other one is spoilt'
      const standing = await compare(log, ledger)
      const findings = [...ledger.findings.kept, ...log.findings.kept]
      if (findings.length > 0) return findings.map(({ entry, what }) => `${entry ?? ''} ${what}`).join('; ')
      return standing.kind === 'same' ? undefined : standing.kind
    } finally {
      for (const copy of copies) copy.close()
    }
  }

  function spoil(scene: string, { file, spoil: change }: Damaging): void {
    rmSync(join(folder, 'damaged'), { recursive: true })
    mkdirSync(join(folder, 'damaged'))
    for (const name of ['catalog.db', 'catalog.db-wal', 'order1.db', 'order1.db-wal']) {
      if (!existsSync(join(folder, scene, name))) continue
      const bytes = readFileSync(join(folder, scene, name))
      const changed = name === file ? change(bytes) : bytes
      if (changed) writeFileSync(join(folder, 'damaged', name), changed)
    }
  }

  const flip = (file: string, at: number): Damaging => {
    const by = random.chance(0.5) ? 1 << random.integer(0, 7) : random.integer(1, 255)
    return {
      what: `${file}: byte ${at} ^ ${by}`,
      file,
      spoil: (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ by
        return bytes
      },
    }
  }

  const sizeOf = (scene: string, file: string): number => readFileSync(join(folder, scene, file)).length

  function* flipsOf(scene: string, file: string, perPage: number): Iterable<Damaging> {
    for (let at = 0; at < HEADER_BYTES; at += 1) yield flip(file, at)
    for (let page = 0; page < sizeOf(scene, file); page += PAGE_BYTES) {
      // The first bytes of a page are its own header and the pointers to its cells.
      yield flip(file, page + random.integer(0, 40))
      for (let count = 1; count < perPage; count += 1) yield flip(file, page + random.integer(0, PAGE_BYTES - 1))
    }
  }

  /** Returns the answers of the undamaged file. A verification has to find that file well. */
  async function truthOf(scene: string, kind: CopyKind): Promise<Told> {
    spoil(scene, { what: 'nothing', file: '', spoil: (bytes) => bytes })
    expect(await verify('damaged', kind)).toBeUndefined()
    const truth = await ask('damaged', kind)
    expect(truth).toMatchObject({ head: { length: BATCHES * BATCH } })
    return truth
  }

  /**
   * Damages the file in each of these ways. Each time the file tells the truth or nothing, or (`mayBeEarlier`) what was true
   * some transactions ago. A file that a verification finds well tells the truth. Returns how often each result came out.
   */
  async function check(
    { scene, kind, mayBeEarlier }: { scene: string; kind: CopyKind; mayBeEarlier?: boolean },
    damagings: Iterable<Damaging>,
  ): Promise<Readonly<Record<'well' | 'noticed' | 'refused' | 'earlier', number>>> {
    const truth = await truthOf(scene, kind)
    const tally = { well: 0, noticed: 0, refused: 0, earlier: 0 }
    for (const damaging of damagings) {
      spoil(scene, damaging)
      const complaint = await verify('damaged', kind)
      const told = await ask('damaged', kind)
      const isTruth = isDeepStrictEqual(told, truth)
      const isEarlier = mayBeEarlier === true && !isTruth && isPrefix(told, truth)
      const seen = { complaint, told: typeof told === 'string' ? told : isTruth ? 'the truth' : isEarlier ? 'earlier' : told }
      if (complaint === undefined) expect(seen, damaging.what).toMatchObject({ told: 'the truth' })
      else if (typeof told !== 'string' && !isEarlier) expect(seen, damaging.what).toMatchObject({ told: 'the truth' })
      tally[complaint === undefined ? 'well' : typeof told === 'string' ? 'refused' : isEarlier ? 'earlier' : 'noticed']++
    }
    return tally
  }

  const ledgerOf = (scene: string) => ({ scene, kind: 'ledger' as const })
  const logOf = (scene: string) => ({ scene, kind: 'order log' as const })

  it('a flipped byte in a ledger does no harm or is noticed', async () => {
    const tally = await check(ledgerOf('closed'), flipsOf('closed', 'catalog.db', 5))
    expect(Math.min(tally.well, tally.refused)).toBeGreaterThan(40)
  })

  it('a flipped byte in an order log does no harm or is noticed', async () => {
    const tally = await check(logOf('closed'), flipsOf('closed', 'order1.db', 5))
    expect(Math.min(tally.well, tally.refused)).toBeGreaterThan(25)
  })

  it.each([
    ['catalog.db', ledgerOf('killed')],
    ['order1.db', logOf('killed')],
  ])('a flipped byte in the write-ahead log of %s is noticed, up to its last transaction', async (file, of) => {
    expect((await check(of, headerFlips(file))).well).toBeGreaterThan(10)
    const tally = await check({ ...of, mayBeEarlier: true }, frameFlips('killed', `${file}-wal`))
    expect(tally.well).toBe(0)
    expect(tally.refused).toBeGreaterThan(10 * tally.earlier)
  })

  it.each([
    ['catalog.db', ledgerOf('closed')],
    ['order1.db', logOf('closed')],
  ])('%s, cut or gone, is noticed', async (file, of) => {
    const tally = await check(of, [...cutsOf('closed', file, 20), gone(file)])
    expect(tally).toMatchObject({ well: 0, earlier: 0 })
  })

  it.each([
    ['catalog.db', ledgerOf('killed')],
    ['order1.db', logOf('killed')],
  ])('a cut write-ahead log of %s is a torn one: what was before it counts', async (file, of) => {
    const tally = await check({ ...of, mayBeEarlier: true }, [...cutsOf('killed', `${file}-wal`, 20), gone(`${file}-wal`)])
    expect(tally).toEqual({ well: 0, noticed: 0, refused: 0, earlier: 21 })
    expect(await check(of, [gone(file)])).toMatchObject({ refused: 1 })
  })

  it.each([
    ['catalog.db', ledgerOf('killed')],
    ['order1.db', logOf('killed')],
  ])('a power loss that leaves any part of the last transaction of %s out is no damage', async (file, of) => {
    const tally = await check({ ...of, mayBeEarlier: true }, lostFrames('killed', `${file}-wal`))
    expect(tally).toMatchObject({ well: 0, noticed: 0, refused: 0 })
    expect(tally.earlier).toBeGreaterThan(1)
  })

  /** Yields, for each frame of the last transaction, the log in which that frame has never come to the disk. */
  function* lostFrames(scene: string, file: string): Iterable<Damaging> {
    const bytes = readFileSync(join(folder, scene, file))
    for (let frame = bytes.length - FRAME_BYTES; ; frame -= FRAME_BYTES) {
      yield { what: `${file}: frame at ${frame} lost`, file, spoil: (all) => all.fill(0, frame, frame + FRAME_BYTES) }
      const endsTransaction = bytes.readUInt32BE(frame - FRAME_BYTES + 4) !== 0
      if (endsTransaction) return
    }
  }

  function* headerFlips(file: string): Iterable<Damaging> {
    for (let at = 0; at < HEADER_BYTES; at += 3) yield flip(file, at)
  }

  function* frameFlips(scene: string, file: string): Iterable<Damaging> {
    for (let at = 0; at < WAL_HEADER_BYTES; at += 1) yield flip(file, at)
    for (let frame = WAL_HEADER_BYTES; frame < sizeOf(scene, file); frame += FRAME_BYTES) {
      yield flip(file, frame + random.integer(0, 23))
      yield flip(file, frame + random.integer(24, FRAME_BYTES - 1))
    }
  }

  function* cutsOf(scene: string, file: string, count: number): Iterable<Damaging> {
    const size = sizeOf(scene, file)
    for (let number = 0; number < count; number += 1) {
      const somewhere = random.integer(0, size - 1)
      const at = random.chance(0.3) ? somewhere - (somewhere % PAGE_BYTES) : somewhere
      yield { what: `${file} cut at ${at}`, file, spoil: (bytes) => bytes.subarray(0, at) }
    }
  }

  const gone = (file: string): Damaging => ({ what: `${file} gone`, file, spoil: () => undefined })
})

/** Says whether the file told exactly this when it held fewer entries. */
function isPrefix(told: Told, truth: Told): boolean {
  if (typeof told === 'string' || typeof truth === 'string') return false
  const [entries, all] = [told, truth].map((each) => each['entries'] as readonly Entry[])
  if (!entries || !all || !isDeepStrictEqual(entries, all.slice(0, entries.length))) return false
  const head = told['head'] as { readonly length: number; readonly digest: string; readonly genesis: unknown }
  const digest = entries.reduce(chainDigest, head.genesis ? genesisDigest(GENESIS) : '')
  const levels = new Levels(OPENING_CATALOGUE)
  for (const entry of entries) levels.apply(entry)
  const areLevelsSound = told['stocks'] === undefined || isDeepStrictEqual(told['stocks'], levels.all())
  return head.length === entries.length && head.digest === digest && areLevelsSound
}
