import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { plant } from './planting.ts'
import { simulate } from './simulation.ts'

const TRANSCRIPT_MAX_BYTES = 64 * 1024 * 1024

describe('the simulation', () => {
  test.each([17, 59, 253])('tells the same story for the same seed, as for %d', async (seed) => {
    const [first, second] = [await simulate(seed, { keepTrace: true }), await simulate(seed, { keepTrace: true })]
    expect(first.trace.length).toBeGreaterThan(1_000)
    expect(second.trace).toEqual(first.trace)
  })

  test('tells the same story in a process of its own', async () => {
    const { trace } = await simulate(17, { keepTrace: true })
    const alone = spawnSync(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url)), '--seed', '17'], {
      encoding: 'utf8',
      maxBuffer: TRANSCRIPT_MAX_BYTES,
    })
    expect(alone.status).toBe(0)
    expect(alone.stdout.split('\n').slice(0, trace.length)).toEqual(trace)
  })

  test('finds no violation in some seeds', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const { violations } = await simulate(seed, { keepTrace: false })
      expect(violations, `repeat it: npm run sim -- --seed ${seed}`).toEqual([])
    }
  })
})

test.each(PLANTED_BUGS)('the place of the planted bug $name occurs once in $file', (bug) => {
  plant(readFileSync(new URL(`../${bug.file}`, import.meta.url), 'utf8'), bug)
})
