import { expect, test } from 'vitest'
import { hasErrors } from './errors.ts'
import type { Measure } from './measure.ts'
import type { Results, Run } from './results.ts'
import { summaries } from './summary.ts'

const CONNECTIONS = 8

interface Figures {
  readonly perSecond: number
  readonly ms?: number
  readonly cpu?: Readonly<Record<string, number>>
  readonly more?: Partial<Measure>
}

/** Makes a run of one second in which everything was answered. */
function run(system: string, round: number, { perSecond, ms = 1, cpu = {}, more = {} }: Figures): Run {
  const latencyMs = { p50: ms, p90: 2 * ms, p95: 3 * ms, p99: 4 * ms, p999: 5 * ms, max: 6 * ms }
  const cost = { cpuMicroseconds: cpu, keptBytes: 0, counters: undefined }
  const load = { answered: perSecond, errors: 0, seconds: 1, perSecond, latencyMs, cpuMicroseconds: undefined }
  return { workload: 'orders', connections: CONNECTIONS, round, system, measure: { ...load, cost, trouble: [], ...more } }
}

function summaryOf(system: string, runs: readonly Run[], ordersShare = 1) {
  const systems = [...new Set(runs.map((each) => each.system))].map((name) => ({ name }))
  const results = { systems, runs, workloads: [{ name: 'orders', ordersShare }] } as unknown as Results
  return summaries(results, 'orders', CONNECTIONS).find((summary) => summary.system === system)!
}

test('ratios are taken round by round, not of medians', () => {
  const runs = [
    ...[run('peer', 1, { perSecond: 100 }), run('bazaar', 1, { perSecond: 50 })],
    ...[run('peer', 2, { perSecond: 400 }), run('bazaar', 2, { perSecond: 100 })],
    ...[run('peer', 3, { perSecond: 200 }), run('bazaar', 3, { perSecond: 300 })],
  ]
  expect(summaryOf('peer', runs).ratio).toEqual({ median: 0.5, min: 0.25, max: 1.5 })
  expect(summaryOf('peer', runs).perSecond).toEqual({ median: 200, min: 100, max: 400 })
  expect(summaryOf('bazaar', runs).ratio).toBeUndefined()
})

test('a round that only one of the two had gives no ratio', () => {
  const runs = [run('peer', 1, { perSecond: 100 }), run('peer', 2, { perSecond: 100 }), run('bazaar', 2, { perSecond: 70 })]
  expect(summaryOf('peer', runs).ratio).toEqual({ median: 0.7, min: 0.7, max: 0.7 })
})

test('each percentile is the median of its own over the rounds', () => {
  const runs = [4, 1, 3].map((ms, at) => run('peer', at + 1, { perSecond: 100, ms }))
  expect(summaryOf('peer', runs).latencyMs).toEqual({ p50: 3, p90: 6, p95: 9, p99: 12, p999: 15, max: 18 })
})

test('CPU is that of all rounds by all requests, and the busiest process is the limit', () => {
  const runs = [
    run('peer', 1, { perSecond: 100, cpu: { server: 3_000, disk: 1_000 } }),
    run('peer', 2, { perSecond: 300, cpu: { server: 13_000, disk: 1_000 } }),
  ]
  const { cpuByProcess, cpu, coreLimit } = summaryOf('peer', runs)
  expect(cpuByProcess).toEqual({ server: 40, disk: 5 }) // 16,000 µs and 2,000 µs by 400 requests
  expect(cpu).toBe(45)
  expect(coreLimit).toBe(25_000) // 1 s by 40 µs
})

test('an order costs what all rounds cost, by the orders among the requests', () => {
  const counters = (orders: number, batches: number, commits: number) => ({ orders, batches, commits })
  const cost = (keptBytes: number, counted: ReturnType<typeof counters>) => ({
    cost: { cpuMicroseconds: {}, keptBytes, counters: counted },
  })
  const runs = [
    run('bazaar', 1, { perSecond: 100, more: cost(9_000, counters(50, 10, 40)) }),
    run('bazaar', 2, { perSecond: 300, more: cost(1_000, counters(150, 40, 160)) }),
  ]
  const perOrder = summaryOf('bazaar', runs, 0.5).perOrder
  expect(perOrder).toEqual({ keptBytes: 50, ordersPerBatch: 4, commits: 1 }) // 10,000 B by 200 orders; 200/50; 200/200
  expect(summaryOf('bazaar', runs, 0).perOrder).toBeUndefined()
})

test('errors and trouble of any round mark the system', () => {
  const [fine, wrong] = [run('peer', 1, { perSecond: 9 }), run('peer', 2, { perSecond: 9, more: { errors: 2 } })]
  const restarted = run('peer', 3, { perSecond: 9, more: { trouble: ['server ended or was started again'] } })
  expect([fine, wrong, restarted].map(hasErrors)).toEqual([false, true, true])
  expect(summaryOf('peer', [fine])).toMatchObject({ errors: 0, hasErrors: false })
  expect(summaryOf('peer', [fine, wrong])).toMatchObject({ errors: 2, hasErrors: true })
  expect(summaryOf('peer', [fine, restarted])).toMatchObject({ errors: 0, hasErrors: true })
})
