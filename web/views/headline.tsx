import { health, live, witness } from '../page.ts'
import { copiesOf } from '../live/health.ts'
import { duration, grouped, timeOfDay } from '../words.ts'
import { nextTheme, theme } from './theme.ts'
import { dialog } from '../page.ts'

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly mood?: string | undefined
  readonly title?: string | undefined
}

const Figure = ({ name, value, mood = '', title }: FigureProps) => (
  <div class={`figure ${mood}`} title={title}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

const Health = () => {
  const { mood, sign, words } = health.value
  return (
    <p class={`health ${mood}`} role="status">
      <span aria-hidden="true">{sign}</span> {words}
    </p>
  )
}

const Figures = () => {
  const state = live.state.value
  const counts = witness.counts.value
  if (!state) return <dl class="figures" />
  const { longestStall, latency } = state
  const copies = copiesOf(state)
  const wrong = (count: number | undefined) => (count === undefined ? '' : count === 0 ? 'good' : 'bad')
  const stall = Math.max(state.stallMs, longestStall?.ms ?? 0)
  return (
    <dl class="figures">
      <Figure name="leader" value={state.leader ? `★ ${state.leader}` : '✕ none'} mood={state.leader ? 'lead' : 'bad'} />
      <Figure name="orders" value={grouped(state.published)} />
      <Figure name="orders/s" value={grouped(state.ordersPerSecond)} />
      <Figure name="p99" value={latency.orders ? duration(latency.orders.p99) : '–'} title="of the orders within the last second" />
      <Figure
        name="longest stall"
        value={stall > 0 ? duration(stall) : '–'}
        title={longestStall ? `at ${timeOfDay(longestStall.atMs)}` : undefined}
      />
      <Figure name="lost" value={counts ? `${counts.lost}` : '–'} mood={wrong(counts?.lost)} title="of the orders of this page's witness" />
      <Figure
        name="doubled"
        value={counts ? `${counts.doubled}` : '–'}
        mood={wrong(counts?.doubled)}
        title="of the orders of this page's witness"
      />
      <Figure name="copies" value={copies?.words ?? '–'} mood={copies?.mood} title="digests of all logs at one and the same number" />
    </dl>
  )
}

/** The first line: how the system is, in a word and in eight figures. */
export const Headline = () => (
  <header class="headline">
    <h1>Stock Bazaar</h1>
    <Health />
    <Figures />
    <nav class="tools">
      <button type="button" class="quiet" onClick={() => (dialog.value = 'keys')} aria-label="Keys" title="Keys (?)">
        ?
      </button>
      <button type="button" class="quiet" onClick={nextTheme} title="Colours: by the system, dark, light">
        ◐ {theme.value}
      </button>
    </nav>
  </header>
)
