import { signal, useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { live } from '../page.ts'
import { stallsIn } from '../live/samples.ts'
import { duration, timeOfDay } from '../words.ts'
import { LatencyChart } from './latency-chart.ts'
import { Panel } from './panel.tsx'
import { theme } from './theme.ts'

const SPANS = [
  ['1 min', 60_000],
  ['5 min', 300_000],
  ['15 min', 900_000],
] as const
const span = signal<number>(SPANS[0][1])

const Chart = () => {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<LatencyChart>(null)
  useLayoutEffect(() => {
    if (!box.current) return
    chart.current = new LatencyChart(box.current)
    return () => chart.current?.close()
  }, [])
  useSignalEffect(() => {
    void theme.value
    const [samples, faults, spanMs] = [live.samples.value, live.faults.value, span.value]
    const nowMs = samples.at(-1)?.atMs
    // While nothing is traded and nothing is broken, nothing moves, and nothing is drawn.
    const isEmpty = !samples.slice(-spanMs / 1_000).some(({ p50, stallMs }) => p50 !== null || stallMs > 0) && faults.length === 0
    if (nowMs !== undefined && !(isEmpty && samples.length > 2)) chart.current?.draw({ samples, faults, nowMs, spanMs })
  })
  return <div class="chart" ref={box} aria-hidden="true" />
}

/** Says in words what the chart draws. */
const Words = () => {
  const samples = live.samples.value
  const latest = samples.findLast(({ p50 }) => p50 !== null)
  const stall = stallsIn(samples, 400).at(-1)
  return (
    <p class="dim">
      {latest?.p50 != null && latest.p99 != null
        ? `Half of the orders within ${duration(latest.p50)}, 99 of 100 within ${duration(latest.p99)}.`
        : 'No orders yet.'}
      {stall && ` Last stall: ${duration(stall.toMs - stall.fromMs)}, at ${timeOfDay(stall.fromMs)}.`}
    </p>
  )
}

/** How long orders took, second by second. */
export const LatencyPanel = () => (
  <Panel
    id="latency"
    title="Order latency"
    aside={
      <>
        <p class="legend" aria-hidden="true">
          <span class="p50">━ p50</span> <span class="p95">┅ p95</span> <span class="p99">╍ p99</span> <span class="fault">▒ fault</span>{' '}
          <span class="stall">▨ no answer</span>
        </p>
        <select aria-label="Time shown" value={span.value} onChange={(event) => (span.value = Number(event.currentTarget.value))}>
          {SPANS.map(([words, ms]) => (
            <option key={ms} value={ms}>
              {words}
            </option>
          ))}
        </select>
      </>
    }
  >
    <Chart />
    <Words />
  </Panel>
)
