import type { LiveProcess, LiveState } from '../../src/http/live.ts'
import { control, live, selected } from '../page.ts'
import { clusterLayout, type Arrow, type Box } from '../live/cluster-layout.ts'
import { signOf } from '../live/health.ts'
import { age, grouped, megabytes, shortDigest } from '../words.ts'
import { Panel } from './panel.tsx'

/** From this height on, a box has room for three lines. */
const HIGH_BOX = 60

/** Says how a process is, in the words of the control port where it knows more. */
function conditionOf({ name, role, reachable }: LiveProcess): string {
  const kept = control?.processes.value.find((each) => each.name === name)
  // The control port does not tell when a process has started to serve. The front end does.
  if (kept && kept.state !== 'running' && !(kept.state === 'starting' && reachable))
    return kept.state === 'backing-off' ? 'killed' : kept.state
  return reachable ? role : 'no answer'
}

const digestOf = ({ common }: LiveState, name: string): string | undefined => common?.digests[name]

function lagOf(process: LiveProcess, state: LiveState): string {
  if (process.role === 'front end') return ''
  const leader = state.processes.find(({ role }) => role === 'leader')
  const told = leader?.followers?.find(({ name }) => name === process.name)
  return told ? told.state.replace('-', ' ') : ''
}

const linesOf = (process: LiveProcess, state: LiveState): readonly [string, string] => {
  if (!process.reachable) return [shortWhy(process.why), process.address]
  const first =
    process.role === 'front end'
      ? `${grouped(state.waiting)} wait · cache ${state.cache.names.length}/${state.cache.stocksMax}`
      : `${grouped(process.length)} orders`
  return [first, `pid ${process.pid} · ${age(process.uptimeMs)}`]
}

const WHY_CHARACTERS = 26

/** Returns as much of the reason as fits into a box. The whole of it is in the title. */
function shortWhy(why = 'nobody answers'): string {
  const words = /ECONNREFUSED|the process is gone/.test(why) ? 'the process is gone' : why
  return words.length > WHY_CHARACTERS ? `${words.slice(0, WHY_CHARACTERS - 1)}…` : words
}

const describe = (process: LiveProcess, state: LiveState): string =>
  [process.name, conditionOf(process), ...linesOf(process, state), lagOf(process, state), process.reachable ? '' : process.why]
    .filter(Boolean)
    .join(', ')

const ProcessBox = ({ box, state }: { readonly box: Box; readonly state: LiveState }) => {
  const { process, x, y, width, height } = box
  const [first, second] = linesOf(process, state)
  const digest = digestOf(state, process.name)
  const isHigh = height > HIGH_BOX
  const mood = !process.reachable ? 'gone' : process.role === 'leader' ? 'leads' : ''
  return (
    <g class={`box ${mood} ${selected.value === process.name ? 'selected' : ''}`} transform={`translate(${x} ${y})`}>
      <title>{`${describe(process, state)}; ${megabytes(process.memoryBytes)}, ${Math.round(process.cpuShare * 100)} % of a core`}</title>
      <rect width={width} height={height} rx="11" />
      <text class="name" x="13" y={isHigh ? 24 : 20}>
        {signOf(process)} {process.name}
      </text>
      <text class="role" x={width - 12} y={isHigh ? 24 : 20} text-anchor="end">
        {isHigh || !process.reachable ? conditionOf(process) : grouped(process.length)}
      </text>
      {isHigh && (
        <>
          <text x="13" y="46">
            {first}
          </text>
          {process.reachable && digest && (
            <text class="digest" x={width - 12} y="46" text-anchor="end">
              {shortDigest(digest)}
            </text>
          )}
          <text class="dim" x="13" y="65">
            {second}
          </text>
          {process.reachable && (
            <text class="dim" x={width - 12} y="65" text-anchor="end">
              {lagOf(process, state)}
            </text>
          )}
        </>
      )}
    </g>
  )
}

const ArrowLine = ({ arrow, flows, rate }: { readonly arrow: Arrow; readonly flows: boolean; readonly rate: number }) => (
  <g class={`arrow ${arrow.kind} ${arrow.isConnected ? '' : 'cut'}`}>
    <path d={arrow.path} marker-end={`url(#head-${arrow.isConnected ? arrow.kind : 'cut'})`} />
    {flows && arrow.isConnected && arrow.kind === 'orders' && <path class={`flow ${speedOf(rate)}`} d={arrow.path} />}
  </g>
)

/** Orders move in three speeds. A speed for each rate would begin the movement anew at each change. */
const speedOf = (rate: number): string => (rate < 20 ? 'slow' : rate < 200 ? 'middle' : 'fast')

const Heads = () => (
  <defs>
    {(['orders', 'copies', 'pings', 'cut'] as const).map((kind) => (
      <marker
        key={kind}
        id={`head-${kind}`}
        class={`head ${kind}`}
        viewBox="0 0 8 8"
        refX="2"
        refY="4"
        markerWidth="8"
        markerHeight="8"
        orient="auto"
        markerUnits="userSpaceOnUse"
      >
        <path d="M0 0L8 4L0 8z" />
      </marker>
    ))}
  </defs>
)

const Drawing = ({ state }: { readonly state: LiveState }) => {
  const { width, height, boxes, arrows } = clusterLayout(state.processes)
  const middle = height / 2
  const flows = live.connection.value === 'open' && state.ordersPerSecond > 0
  return (
    <svg
      class={`cluster ${live.connection.value === 'open' ? '' : 'stale'}`}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label="The cluster: clients, front end, replicas, catalogue. The list below says the same."
    >
      <Heads />
      {arrows.map((arrow) => (
        <ArrowLine key={arrow.id} arrow={arrow} flows={flows} rate={state.ordersPerSecond} />
      ))}
      <g class="clients">
        <circle cx="30" cy={middle - 14} r="7" />
        <circle cx="17" cy={middle} r="7" />
        <circle cx="30" cy={middle + 14} r="7" />
        <text x="6" y={middle + 42}>
          clients
        </text>
        <text class="dim" x="6" y={middle + 58}>
          {grouped(state.ordersPerSecond)} orders/s
        </text>
      </g>
      {boxes.map((box) => (
        <ProcessBox key={box.process.name} box={box} state={state} />
      ))}
    </svg>
  )
}

const List = ({ state }: { readonly state: LiveState }) => (
  <ul class="processes">
    {state.processes.map((process) => {
      const [first, second] = linesOf(process, state)
      return (
        <li key={process.name} class={!process.reachable ? 'gone' : process.role === 'leader' ? 'leads' : ''}>
          <strong>
            <span aria-hidden="true">{signOf(process)}</span> {process.name}
          </strong>
          <span>{conditionOf(process)}</span>
          <span>{first}</span>
          <span class="dim">{second}</span>
        </li>
      )
    })}
  </ul>
)

/** Draws who is there and who sees whom. On a narrow screen, and for those who listen, it is a list. */
export const ClusterPanel = () => {
  const state = live.state.value
  return (
    <Panel id="cluster" title="The cluster" aside={<Legend />}>
      {state ? (
        <>
          <Drawing state={state} />
          <List state={state} />
        </>
      ) : (
        <p class="empty">Waiting for the front end.</p>
      )}
    </Panel>
  )
}

const Legend = () => (
  <p class="legend" aria-hidden="true">
    <span class="orders">━ orders</span> <span class="copies">┅ copies</span> <span class="pings">─ pings</span>{' '}
    <span class="cut">╌ no connection</span>
  </p>
)
