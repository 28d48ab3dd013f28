/** Draws small charts as SVG: panels in two columns with one legend, readable on light and on dark pages. */

export interface Panel {
  readonly title: string
  readonly categories: readonly string[]
  /** One value for each category. Undefined leaves a gap. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[]
}

export interface Chart {
  readonly title: string
  /** The meaning of the values and the categories, with their unit. */
  readonly axes: string
  /** Lines over a logarithmic scale, or bars from left to right with one piece for each series. */
  readonly kind: 'lines' | 'stacked bars'
  /** The series that the others are compared with. */
  readonly subject: string
  readonly panels: readonly Panel[]
}

const COLOURS = ['#3b7dd8', '#e07b28', '#2f9e5b', '#c94a4a', '#8b62c4', '#9a6b4f', '#d462a6', '#7a828c', '#a8a020', '#23a6b8']
const COLUMNS = 2
const WIDTH = 960
const PANEL = { left: 130, width: 300, height: 200, above: 34, below: 34 }
const BAR_PITCH = 28
const LEGEND = { width: 155, perLine: 6, line: 20, top: 58 }
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 16px } .title, .strong { font-weight: 600 }
.weak { fill: #59636e } .page { fill: #fff; stroke: #d1d9e0 } .grid { stroke: #dfe3e8 } .axis { stroke: #818b98 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .weak { fill: #9198a1 }
.page { fill: #0d1117; stroke: #3d444d } .grid { stroke: #2a3038 } .axis { stroke: #656c76 } }`

/** Returns the chart as the text of an SVG file. */
export function svgOf(chart: Chart): string {
  const names = [...new Set(chart.panels.flatMap(({ series }) => series.map(({ name }) => name)))]
  const colours = new Map(names.map((name, at) => [name, COLOURS[at % COLOURS.length] ?? '']))
  const legend = names.map((name, at) => {
    const [x, y] = [16 + (at % LEGEND.perLine) * LEGEND.width, LEGEND.top + Math.floor(at / LEGEND.perLine) * LEGEND.line]
    return `<rect x="${x}" y="${y}" width="11" height="11" rx="2" fill="${colours.get(name)}"/>${label(x + 17, y + 10, name)}`
  })
  const top = LEGEND.top + Math.ceil(names.length / LEGEND.perLine) * LEGEND.line
  const rows = Math.max(...chart.panels.map(({ categories }) => categories.length))
  const height = chart.kind === 'lines' ? PANEL.height : rows * BAR_PITCH
  const pitch = PANEL.above + height + PANEL.below
  const panels = chart.panels.map((panel, at) => {
    const x = PANEL.left + (at % COLUMNS) * (WIDTH / COLUMNS)
    const y = top + Math.floor(at / COLUMNS) * pitch + PANEL.above
    const drawn = chart.kind === 'lines' ? lines(panel, colours, chart.subject) : bars(panel, colours, height)
    return `<g transform="translate(${x} ${y})">${label(0, -12, panel.title, 'strong')}${drawn}</g>`
  })
  const total = top + Math.ceil(panels.length / COLUMNS) * pitch + 8
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${total}" viewBox="0 0 ${WIDTH} ${total}" role="img">`,
    `<title>${escaped(chart.title)}</title><style>${STYLE}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${total - 1}" rx="6"/>`,
    ...[label(16, 26, chart.title, 'title'), label(16, 45, chart.axes, 'weak'), ...legend, ...panels, '</svg>', ''],
  ].join('\n')
}

type Colours = ReadonlyMap<string, string>

/** Draws lines. Each panel has a logarithmic scale of its own, between two marks of 1, 2 or 5 times a power of ten. */
function lines({ categories, series }: Panel, colours: Colours, subject: string): string {
  const { width, height } = PANEL
  const values = series.flatMap((each) => each.values.filter((value) => value !== undefined && value > 0)) as number[]
  const low = niceBelow(Math.min(...values))
  const high = niceAbove(Math.max(...values, low * 1.01))
  const marks = [low]
  while (marks.at(-1)! < high) marks.push(niceAbove(marks.at(-1)! * 1.01))
  const y = (value: number) => height - (Math.log(value / low) / Math.log(high / low)) * height
  const x = (at: number) => ((at + 0.5) / categories.length) * width
  const grid = marks.map((mark) => line(0, y(mark), width, y(mark), 'grid') + label(-8, y(mark) + 4, words(mark), 'weak', 'end'))
  const ticks = categories.map((name, at) => label(x(at), height + 18, name, 'weak', 'middle'))
  const drawn = series.map(({ name, values: own }) => {
    const points = own.flatMap((value, at) => (value !== undefined && value > 0 ? [[x(at).toFixed(1), y(value).toFixed(1)]] : []))
    const dots = points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colours.get(name)}"/>`).join('')
    const stroke = `stroke="${colours.get(name)}" stroke-width="${name === subject ? 3.5 : 1.7}"`
    return `<polyline points="${points.join(' ')}" fill="none" ${stroke}/>${dots}`
  })
  return [...grid, line(0, height, width, height, 'axis'), ...ticks, ...drawn].join('')
}

/** Draws a bar for each category, with its total at the end. Each panel has a linear scale of its own, from zero. */
function bars({ categories, series }: Panel, colours: Colours, height: number): string {
  const totals = categories.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0))
  const step = niceAbove(Math.max(...totals) / 4)
  const steps = Math.ceil(Math.max(...totals) / step)
  const x = (value: number) => (value / (steps * step)) * (PANEL.width - 20)
  const marks = Array.from({ length: steps + 1 }, (_, at) => at * step)
  const grid = marks.map((mark) => line(x(mark), 0, x(mark), height, 'grid') + label(x(mark), height + 18, words(mark), 'weak', 'middle'))
  const drawn = categories.map((category, at) => {
    const top = at * BAR_PITCH + 5
    let from = 0
    const pieces = series.map(({ name, values }) => {
      const [start, value] = [x(from), values[at] ?? 0]
      from += value
      const size = `width="${x(value).toFixed(1)}" height="${BAR_PITCH - 10}"`
      return value > 0 ? `<rect x="${start.toFixed(1)}" y="${top}" ${size} fill="${colours.get(name)}"/>` : ''
    })
    return label(-8, top + 13, category, '', 'end') + pieces.join('') + label(x(from) + 5, top + 13, words(from), 'strong')
  })
  return [...grid, line(0, 0, 0, height, 'axis'), ...drawn].join('')
}

/** Returns the least of 1, 2 and 5 times a power of ten that is not below the value. The next function rounds down. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return Number((([1, 2, 5].find((factor) => factor * power >= value * 0.999) ?? 10) * power).toPrecision(1))
}
const niceBelow = (value: number): number => Number((1 / niceAbove(1 / value)).toPrecision(1))

const words = (value: number): string => (value >= 10 ? Math.round(value).toLocaleString('en-GB') : `${Number(value.toPrecision(2))}`)

const label = (x: number, y: number, text: string, style = '', anchor = 'start'): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${style}" text-anchor="${anchor}">${escaped(text)}</text>`

const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" class="${style}"/>`

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
