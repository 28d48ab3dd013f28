import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Operation } from './history.ts'
import { readRecording, recordingLines, type Recording } from './history-file.ts'

const CONTENT = { name: 'tesla', type: 'buy', quantity: 5 } as const

const RECORDING: Recording = {
  opening: [{ name: 'tesla', priceCents: 18326, quantity: 1000, volume: 100 }],
  operations: [
    { kind: 'place', key: 'c:1', ...CONTENT, start: 1, end: 2, outcome: { kind: 'accepted', number: 0 } },
    { kind: 'stock', name: 'tesla', start: 3, end: Infinity, outcome: { kind: 'unknown' } },
    { kind: 'order', number: 0, start: 3, end: 4, outcome: { kind: 'found', ...CONTENT } },
  ],
  log: [{ number: 0, key: 'c:1', ...CONTENT }],
}

describe('a recorded history', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bazaar-history-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const write = (lines: Iterable<string>): string => {
    const file = join(folder, 'history.jsonl')
    writeFileSync(file, [...lines, ''].join('\n'))
    return file
  }
  const check = (...files: string[]) => spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...files], { encoding: 'utf8' })

  it('is read as it was written', async () => {
    expect(await readRecording(write(recordingLines(RECORDING)))).toEqual(RECORDING)
  })

  it('that keeps the promise ends the check with 0', () => {
    const { status, stdout } = check(write(recordingLines(RECORDING)))
    expect(stdout).toBe('ok: 3 operations and a log of 1 entries keep the promise\n')
    expect(status).toBe(0)
  })

  it('that breaks it ends the check with 1 and the calls involved', () => {
    const { status, stdout } = check(write(recordingLines({ ...RECORDING, log: [] })))
    expect(stdout).toContain('acknowledged-kept: buy 5 tesla, key c:1 [1 to 2] -> accepted 0, yet the log has no entry')
    expect(stdout).toContain('{"kind":"place","key":"c:1"')
    expect(status).toBe(1)
  })

  it('that cannot be read ends it with 2 and says where', () => {
    const { status, stderr } = check(write(['{"opening":[]}', '{"order":1}']))
    expect(stderr).toContain('line 2: it holds none of opening, operation and entry')
    expect(status).toBe(2)
    expect(check().status).toBe(2)
  })

  it('without operations ends it with 2', () => {
    const { status, stderr } = check(write(recordingLines({ ...RECORDING, operations: [] })))
    expect(stderr).toContain('has no operations')
    expect(status).toBe(2)
  })

  it('with every kind of operation and outcome is read as it was written', async () => {
    const place = { kind: 'place', key: 'c:1', ...CONTENT, start: 1, end: 2 } as const
    const times = { start: 1, end: 2 } as const
    const operations: Operation[] = [
      { ...place, outcome: { kind: 'rejected', reason: 'not-enough' } },
      { ...place, outcome: { kind: 'key-reused' } },
      { ...place, outcome: { kind: 'unknown' } },
      { kind: 'stock', name: 'tesla', ...times, outcome: { kind: 'found', price: 183.26, quantity: 5, volume: 1 } },
      { kind: 'stock', name: 'tesla', ...times, outcome: { kind: 'found', price: 183.26, quantity: 5 } },
      { kind: 'stock', name: 'tesla', ...times, outcome: { kind: 'not-found' } },
      { kind: 'order', number: 9, ...times, outcome: { kind: 'not-found' } },
      { kind: 'order', number: 9, ...times, outcome: { kind: 'unknown' } },
      { kind: 'list', after: -1, limit: 5, ...times, outcome: { kind: 'found', orders: [{ number: 0, ...CONTENT }] } },
      { kind: 'list', after: -1, limit: 5, ...times, outcome: { kind: 'unknown' } },
    ]
    expect(await readRecording(write(recordingLines({ ...RECORDING, operations })))).toEqual({ ...RECORDING, operations })
  })

  it('has times: an end that is absent never came', async () => {
    const read = await readRecording(
      write(['{"opening":[]}', '{"operation":{"kind":"stock","name":"tesla","start":1,"outcome":{"kind":"unknown"}}}']),
    )
    expect(read.operations[0]!.end).toBe(Infinity)
  })

  const PLACE = { kind: 'place', key: 'c:1', ...CONTENT, start: 1, end: 2, outcome: { kind: 'accepted', number: 0 } }
  const STOCK = { kind: 'stock', name: 'tesla', start: 1, end: 2, outcome: { kind: 'found', price: 1, quantity: 1 } }
  it.each([
    [{ operation: { ...PLACE, kind: 'Place' } }, 'operation.kind has to be one of place, stock, order, list, not "Place"'],
    [{ operation: { ...PLACE, outcome: { kind: 'ok', number: 0 } } }, 'operation.outcome.kind has to be one of accepted,'],
    [{ operation: { ...PLACE, outcome: { kind: 'found' } } }, 'operation.outcome.kind has to be one of accepted,'],
    [{ operation: { ...PLACE, outcome: { kind: 'accepted' } } }, 'operation.outcome.number has to be a number, not absent'],
    [{ operation: { ...PLACE, outcome: { kind: 'rejected', reason: 'poor' } } }, 'operation.outcome.reason has to be one of'],
    [{ operation: { ...PLACE, outcome: undefined } }, 'operation.outcome has to be an object, not absent'],
    [{ operation: { ...PLACE, key: undefined } }, 'operation.key has to be a text, not absent'],
    [{ operation: { ...PLACE, start: null } }, 'operation.start has to be a number, not null'],
    [{ operation: { ...PLACE, end: '2' } }, 'operation.end has to be a number, not "2"'],
    [{ operation: { ...STOCK, outcome: { ...STOCK.outcome, kind: 'Found' } } }, 'operation.outcome.kind has to be one of found,'],
    [{ operation: { ...STOCK, outcome: { ...STOCK.outcome, quantity: '1' } } }, 'operation.outcome.quantity has to be a number'],
    [{ operation: { ...STOCK, outcome: { ...STOCK.outcome, volume: null } } }, 'operation.outcome.volume has to be a number'],
    [{ operation: { kind: 'order', start: 1, end: 2, outcome: { kind: 'unknown' } } }, 'operation.number has to be a number'],
    [
      { operation: { kind: 'list', after: 0, limit: 1, start: 1, end: 2, outcome: { kind: 'found', orders: [{ number: 0 }] } } },
      'operation.outcome.orders[0].name has to be a text, not absent',
    ],
    [{ entry: { number: '0', key: 'c:1', ...CONTENT } }, 'entry.number has to be a number, not "0"'],
    [{ entry: RECORDING.log[0], operation: PLACE }, 'it holds none of opening, operation and entry, or more than one'],
    [{ opening: [] }, 'the opening catalogue comes first, and once'],
    [[], 'it has to be an object'],
  ])('is refused with %j', async (line, why) => {
    const lines = [...recordingLines(RECORDING), JSON.stringify(line)]
    await expect(readRecording(write(lines))).rejects.toThrow(`line ${lines.length}: ${why}`)
  })

  it.each([
    ['{"opening":[{"name":"tesla","priceCents":"1","quantity":1,"volume":1}]}', 'opening[0].priceCents has to be a number'],
    ['{"opening":{}}', 'opening has to be an array'],
    ['{"entry":{"number":0,"key":"c:1","name":"tesla","type":"buy","quantity":5}}', 'the opening catalogue comes first'],
    ['{', ''],
  ])('is refused when it begins with %s', async (line, why) => {
    await expect(readRecording(write([line]))).rejects.toThrow(`line 1: ${why}`)
  })
})
