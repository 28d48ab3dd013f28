import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  const check = (...files: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...files], { encoding: 'utf8' })

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
    expect(stderr).toContain('line 2 holds none of opening, operation and entry')
    expect(status).toBe(2)
    expect(check().status).toBe(2)
  })
})
