import uPlot from 'uplot'
import type { Fault } from '../live/faults.ts'
import { stallsIn, type Sample } from '../live/samples.ts'

const HEIGHT_PX = 250
/** A stall from this length on is drawn. */
const STALL_DRAWN_MS = 400
/** The narrowest range of the latency axis, in ms. */
const SCALE = { lowMs: 0.5, highMs: 100 }

export interface ChartData {
  readonly samples: readonly Sample[]
  readonly faults: readonly Fault[]
  /** The moment at the right edge. */
  readonly nowMs: number
  readonly spanMs: number
}

/** Draws latencies over time, with faults as bands and stalls as gaps. */
export class LatencyChart {
  readonly #plot: uPlot
  readonly #box: HTMLElement
  readonly #watch: ResizeObserver
  #data: ChartData = { samples: [], faults: [], nowMs: 0, spanMs: 0 }

  constructor(box: HTMLElement) {
    this.#box = box
    this.#plot = new uPlot(this.#options(), [[], [], [], []], box)
    this.#watch = new ResizeObserver(() => this.#plot.setSize({ width: box.clientWidth, height: HEIGHT_PX }))
    this.#watch.observe(box)
  }

  draw(data: ChartData): void {
    this.#data = data
    const { samples, nowMs, spanMs } = data
    const shown = samples.filter(({ atMs }) => atMs >= nowMs - spanMs - 2_000)
    const column = (value: (sample: Sample) => number | null) => shown.map(value)
    this.#plot.setData(
      [column(({ atMs }) => atMs / 1_000) as number[], column(({ p50 }) => p50), column(({ p95 }) => p95), column(({ p99 }) => p99)],
      false,
    )
    this.#plot.setScale('x', { min: (nowMs - spanMs) / 1_000, max: nowMs / 1_000 })
  }

  close(): void {
    this.#watch.disconnect()
    this.#plot.destroy()
  }

  /** Returns a colour of the style sheet, so that the chart follows dark and light. */
  #colour(name: string): string {
    return getComputedStyle(this.#box).getPropertyValue(name).trim()
  }

  #options(): uPlot.Options {
    const axis = {
      stroke: () => this.#colour('--dim'),
      grid: { stroke: () => this.#colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    }
    const line = (label: string, name: string, dash: number[], width: number): uPlot.Series => ({
      ...{ label, dash, width, spanGaps: false, points: { show: false } },
      stroke: () => this.#colour(name),
    })
    return {
      ...{
        width: this.#box.clientWidth || 400,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 8, 0, 0],
      },
      scales: {
        x: { time: true },
        y: {
          distr: 3,
          range: (_plot, low, high) => [Math.min(low || SCALE.lowMs, SCALE.lowMs), Math.max(high || SCALE.highMs, SCALE.highMs)],
        },
      },
      axes: [
        { ...axis, values: (_plot, seconds) => seconds.map((second) => new Date(second * 1_000).toLocaleTimeString('en-GB')), space: 90 },
        { ...axis, size: 58, values: (_plot, values) => values.map(tickWords) },
      ],
      series: [{}, line('p50', '--blue', [], 2), line('p95', '--violet', [2, 3], 1.5), line('p99', '--amber', [7, 4], 1.5)],
      hooks: { drawClear: [(plot) => this.#drawBands(plot)] },
    }
  }

  /** Draws behind the lines: a band for each fault, with its name, and hatching where no order was answered. */
  #drawBands(plot: uPlot): void {
    const { faults, samples, nowMs } = this.#data
    const { ctx, bbox } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    faults.forEach((fault, at) => {
      const [from, to] = this.#across(plot, fault.fromMs, fault.toMs ?? nowMs)
      ctx.fillStyle = this.#colour(fault.kind === 'paused' ? '--band-paused' : '--band-killed')
      ctx.fillRect(from, bbox.top, to - from, bbox.height)
      ctx.fillStyle = this.#colour('--text')
      ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`
      ctx.textAlign = 'left'
      ctx.textBaseline = 'alphabetic'
      const sign = fault.kind === 'paused' ? '‖' : '✕'
      ctx.fillText(`${sign} ${fault.name}`, from + 3 * devicePixelRatio, bbox.top + (13 + (at % 5) * 13) * devicePixelRatio)
    })
    for (const { fromMs, toMs } of stallsIn(samples, STALL_DRAWN_MS)) this.#hatch(plot, ...this.#across(plot, fromMs, toMs))
    ctx.restore()
  }

  /** Returns where a time begins and ends, at least two pixels wide. */
  #across(plot: uPlot, fromMs: number, toMs: number): [from: number, to: number] {
    const from = plot.valToPos(fromMs / 1_000, 'x', true)
    return [from, Math.max(from + 2 * devicePixelRatio, plot.valToPos(toMs / 1_000, 'x', true))]
  }

  #hatch({ ctx, bbox }: uPlot, from: number, to: number): void {
    const bottom = bbox.top + bbox.height
    ctx.save()
    ctx.beginPath()
    ctx.rect(from, bbox.top, to - from, bbox.height)
    ctx.clip()
    ctx.strokeStyle = this.#colour('--red')
    ctx.globalAlpha = 0.6
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    for (let x = from - bbox.height; x < to; x += 9 * devicePixelRatio) {
      ctx.moveTo(x, bottom)
      ctx.lineTo(x + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.restore()
  }
}

/** Names powers of ten only; between them a line is enough. */
function tickWords(ms: number | null): string {
  if (ms === null || !Number.isInteger(Math.round(Math.log10(ms) * 1e6) / 1e6)) return ''
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`
}
