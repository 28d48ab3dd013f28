import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { StorageFailure } from '../ledger.ts'
import { embeddedLedgerStore } from './ledger-store.ts'
import { openEmbeddedOrderLog } from './order-log-file.ts'

const BATCHES_BEFORE_THE_KILL = 60

const moduleUrl = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** Writes without end, and prints "length digest" of both files after each answered batch. */
const WRITER = `
import { writeSync } from 'node:fs'
import { decide } from ${moduleUrl('../../catalogue/decide.ts')}
import { OPENING_CATALOGUE } from ${moduleUrl('../../domain/stock.ts')}
import { embeddedLedgerStore } from ${moduleUrl('./ledger-store.ts')}
import { openEmbeddedOrderLog } from ${moduleUrl('./order-log-file.ts')}
import { newLedger } from ${moduleUrl('../../../test/contract/new-ledger.ts')}
const [ledgerPath, logPath] = process.argv.slice(1)
const genesis = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const store = embeddedLedgerStore(ledgerPath)
const opening = await store.open()
const ledger = opening.kind === 'ready' ? opening.ledger : await newLedger(store, genesis)
const log = await openEmbeddedOrderLog(logPath, { newDiskId: () => 'disk-1', onDamage: console.error })
await log.seal(await ledger.raiseGeneration(0), genesis)
for (;;) {
  const from = ledger.head().length
  const requests = Array.from({ length: 64 }, (_, index) => ({
    key: 'c:' + (from + index), fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1,
  }))
  const decided = await ledger.decide(decide, requests, from)
  writeSync(1, 'ledger ' + decided.length + ' ' + decided.digest + '\\n')
  const head = await log.append(decided.entries, decided.digest)
  writeSync(1, 'log ' + head.length + ' ' + head.digest + '\\n')
}`

interface Answered {
  readonly length: number
  readonly digest: string
}

describe('embedded engines and kill -9', () => {
  let folder = ''
  let ledgerPath = ''
  let logPath = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crash-'))
    ledgerPath = join(folder, 'not', 'yet', 'there', 'ledger.db')
    logPath = join(folder, 'orders.db')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const openLedger = async () => {
    const opening = await embeddedLedgerStore(ledgerPath).open()
    if (opening.kind !== 'ready') throw new Error(JSON.stringify(opening))
    return opening.ledger
  }
  const openLog = () => openEmbeddedOrderLog(logPath, { newDiskId: () => 'another', onDamage: expect.unreachable })

  /** Runs a writer, calls `meanwhile` in mid-load, and kills the writer. Returns the last answers that the writer got. */
  async function writeUntilKilled(meanwhile: () => Promise<void> = async () => {}): Promise<Record<string, Answered>> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, ledgerPath, logPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    let printed = ''
    const underLoad = new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        printed += piece
        if (printed.split('\n').length > BATCHES_BEFORE_THE_KILL) resolve()
      })
      child.once('close', () => reject(new Error('the writer ended by itself')))
    })
    try {
      await underLoad
      await meanwhile()
    } finally {
      child.kill('SIGKILL')
      await ended
    }
    return lastAnswers(printed)
  }

  it('keeps everything that was answered, time after time', async () => {
    let before = 0
    for (let round = 0; round < 3; round += 1) {
      const answered = await writeUntilKilled()
      const [ledger, log] = [await openLedger(), await openLog()]
      expect(answered['ledger']?.length).toBeGreaterThan(before)
      expect(ledger.head().genesis).toEqual({ clusterId: 'c-1', stocks: OPENING_CATALOGUE })
      expect(ledger.head().generation).toBe(round + 1)
      expect(await ledger.digestAt(answered['ledger']?.length ?? 0)).toBe(answered['ledger']?.digest)
      expect(await log.digestAt(answered['log']?.length ?? 0)).toBe(answered['log']?.digest)
      expect(log.head().diskId).toBe('disk-1')
      expect(ledger.head().length % 64).toBe(0) // only whole batches are kept
      expect(log.head().length % 64).toBe(0)
      expect(await ledger.digestAt(log.head().length)).toBe(log.head().digest)
      expect((await ledger.stocks())[1]).toMatchObject({ name: 'tesla', quantity: 1000 + ledger.head().length })
      const missing = await ledger.entries(log.head().length, 1_000)
      await log.append(missing, ledger.head().digest) // the next writer goes on with two equal files
      before = ledger.head().length
      await ledger.close()
      await log.close()
    }
  })

  it('refuses a second process while the first lives, and lets anybody read', async () => {
    await writeUntilKilled(async () => {
      await expect(openLedger()).rejects.toThrow(StorageFailure)
      await expect(openLedger()).rejects.toThrow(/ledger\.db is in use: another process holds .*ledger\.db\.lock/)
      await expect(openLog()).rejects.toThrow(/orders\.db is in use/)
      const reader = new DatabaseSync(ledgerPath, { readOnly: true })
      expect(reader.prepare('SELECT count(*) AS orders FROM entries').get()?.['orders']).toBeGreaterThan(0)
      reader.close()
    })
    const ledger = await openLedger()
    await expect(openLedger()).rejects.toThrow(/in use/)
    await ledger.close()
    await (await openLedger()).close()
  })
})

/** Returns the last whole line of each file. */
function lastAnswers(printed: string): Record<string, Answered> {
  const answers: Record<string, Answered> = {}
  for (const line of printed.split('\n').slice(0, -1)) {
    const [file = '', length, digest = ''] = line.split(' ')
    answers[file] = { length: Number(length), digest }
  }
  return answers
}
