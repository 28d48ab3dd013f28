import { expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { memoryLedger } from '../storage/memory/ledger.ts'
import { decide } from './decide.ts'
import { Retention } from './retention.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 0, 1)
const REFUSED = { key: 'c:1', fingerprint: 'print', name: 'nobody', type: 'buy', quantity: 1 }

/** A catalogue's lives, one after the other, on one ledger. */
class Lives {
  readonly ledger = memoryLedger({ genesis: { clusterId: 'c-1', stocks: OPENING_CATALOGUE } })
  #monotonicMs = 0

  /**
   * One life that begins with this wall clock, runs for so many hours, and forgets each hour what may be forgotten.
   * `key`: an order with it comes first, and is refused; returns whether it was known. `lastKey`: one comes at the end.
   */
  async live(wallMs: number, hours: number, key?: string, lastKey?: string): Promise<boolean> {
    this.#monotonicMs = 1_000
    const clock = { wallMs: () => wallMs + this.#monotonicMs - 1_000, monotonicMs: () => this.#monotonicMs } as Clock
    const retention = new Retention(clock, await this.ledger.newestRejectionMs())
    await this.ledger.pruneRejections(retention.forgottenBeforeMs)
    const requests = key === undefined ? [] : [{ ...REFUSED, key }]
    const { outcomes } = await this.ledger.decide(decide, requests, Math.max(0, wallMs), retention.nowMs)
    for (let hour = 0; hour < hours; hour += 1) {
      this.#monotonicMs += HOUR_MS
      await this.ledger.pruneRejections(retention.forgottenBeforeMs)
    }
    if (lastKey !== undefined)
      await this.ledger.decide(decide, [{ ...REFUSED, key: lastKey }], Math.max(0, clock.wallMs()), retention.nowMs)
    return outcomes.some((outcome) => outcome.kind === 'rejected' && outcome.replayed)
  }
}

const WRONG: readonly [string, number][] = [
  ['three days ahead', 72],
  ['a year ahead', 365 * 24],
  ['three days behind', -72],
  ['in the years before 1970', -70 * 365 * 24],
]

test.each(WRONG)('a wall clock %s at one start forgets no rejection', async (_, wrongByHours) => {
  const lives = new Lives()
  expect(await lives.live(NOW_MS, 1, 'c:1')).toBe(false)
  await lives.live(NOW_MS + (2 + wrongByHours) * HOUR_MS, 1)
  expect(await lives.live(NOW_MS + 24 * HOUR_MS, 1, 'c:1')).toBe(true)
})

test.each(WRONG)('what was refused while the wall clock was %s is remembered when it is right again', async (_, wrongByHours) => {
  const lives = new Lives()
  await lives.live(NOW_MS, 1, 'c:earlier')
  await lives.live(NOW_MS + (2 + wrongByHours) * HOUR_MS, 1, 'c:1')
  expect(await lives.live(NOW_MS + 24 * HOUR_MS, 1, 'c:1')).toBe(true)
})

test('what an earlier version recorded with a wrong wall clock is remembered for long enough', async () => {
  const lives = new Lives()
  await lives.ledger.decide(decide, [{ ...REFUSED, key: 'c:future' }], NOW_MS + 100 * HOUR_MS)
  await lives.ledger.decide(decide, [REFUSED], NOW_MS)
  await lives.live(NOW_MS + 23 * HOUR_MS, 1)
  expect(await lives.live(NOW_MS + 24 * HOUR_MS, 1, 'c:1')).toBe(true)
})

test('a rejection is forgotten after two days in which a catalogue ran', async () => {
  const lives = new Lives()
  await lives.live(NOW_MS, 20, 'c:1')
  await lives.live(NOW_MS + 20 * HOUR_MS, 50, 'c:2')
  expect(await lives.live(NOW_MS + 80 * HOUR_MS, 1, 'c:1')).toBe(false)
})

test('restarts twice a day do not keep them for ever, where orders are refused now and then', async () => {
  const lives = new Lives()
  for (let day = 0; day < 10; day += 1) {
    await lives.live(NOW_MS + day * 24 * HOUR_MS, 12, `c:${day}-morning`, `c:${day}-noon`)
    await lives.live(NOW_MS + (day * 24 + 12) * HOUR_MS, 12, `c:${day}-evening`, `c:${day}-midnight`)
  }
  expect(await lives.live(NOW_MS + 240 * HOUR_MS, 1, 'c:0-morning')).toBe(false)
  expect(await lives.live(NOW_MS + 241 * HOUR_MS, 1, 'c:9-evening')).toBe(true)
})
