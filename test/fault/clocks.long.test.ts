import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { clockEnvironment, findFaketime, setClock } from '../nemesis/clocks.ts'

const LIBRARY = findFaketime()
/** A program that tells both clocks, in ms, whenever it is asked. It reads them so close that nothing comes in between. */
const TELLER = `process.stdin.on('data', () => {
  for (;;) {
    const before = performance.now()
    const wall = Date.now()
    const after = performance.now()
    if (after - before < 1) return console.log(wall + ' ' + after)
  }
})`
const LOOK_MS = 400

/** Returns how far the two clocks of a process went in {@link LOOK_MS}, after `change`. */
async function rateAfter(ask: () => Promise<readonly number[]>, change: () => void): Promise<number> {
  change()
  const [wall = 0, monotonic = 0] = await ask()
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  const [wallLater = 0, monotonicLater = 0] = await ask()
  expect(monotonicLater - monotonic).toBeGreaterThan(LOOK_MS * 0.95)
  return (wallLater - wall) / (monotonicLater - monotonic)
}

test('a running process’s wall clock jumps and drifts, its monotonic clock does not', async ({ skip }) => {
  if (LIBRARY === undefined) return skip('libfaketime is not installed (Debian: apt install faketime)')
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-clock-'))
  const env = { PATH: process.env['PATH'], ...clockEnvironment(folder), LD_PRELOAD: LIBRARY }
  const teller = spawn(process.execPath, ['-e', TELLER], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines = createInterface(teller.stdout)[Symbol.asyncIterator]()
    const ask = async () => {
      teller.stdin.write('now?')
      return ((await lines.next()).value ?? '').split(' ').map(Number)
    }
    expect(await rateAfter(ask, () => {})).toBeCloseTo(1, 1)
    expect(await rateAfter(ask, () => setClock(folder, { offsetMs: 0, rate: 2 }))).toBeCloseTo(2, 1)
    expect(await rateAfter(ask, () => setClock(folder, { offsetMs: 0, rate: 0.5 }))).toBeCloseTo(0.5, 1)
    expect(await rateAfter(ask, () => setClock(folder, { offsetMs: 3_600_000, rate: 1 }))).toBeCloseTo(1, 1)
    const before = Date.now()
    const [wall = 0] = await ask()
    const ahead = wall - 3_600_000
    expect(ahead).toBeGreaterThan(before - LOOK_MS)
    expect(ahead).toBeLessThan(Date.now() + LOOK_MS)
  } finally {
    teller.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})
