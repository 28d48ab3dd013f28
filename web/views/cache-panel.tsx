import { live } from '../page.ts'
import { duration, grouped, timeOfDay } from '../words.ts'
import { Panel } from './panel.tsx'

const EVENTS_SHOWN = 10
const WHAT = {
  put: ['▲', 'came in', 'good'],
  hit: ['●', 'was served', ''],
  evict: ['▼', 'had to make room', 'warn'],
  invalidate: ['✕', 'was dropped, since it traded', 'bad'],
} as const

const Lane = () => {
  const cache = live.state.value?.cache
  if (!cache) return null
  const { names, stocksMax, hits, misses } = cache
  const asked = hits + misses
  const share = asked === 0 ? '–' : `${Math.round((100 * hits) / asked)} %`
  const latency = live.state.value?.latency
  return (
    <>
      <ol class="lane" aria-label="Stocks in the cache, the one used last first">
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
        {Array.from({ length: Math.max(0, Math.min(stocksMax, 12) - names.length) }, (_, at) => (
          <li key={at} class="free" aria-hidden="true">
            free
          </li>
        ))}
      </ol>
      <p class="dim">
        {names.length} of {grouped(stocksMax)} · {share} of {grouped(asked)} lookups served from here · {grouped(cache.evictions)} had to
        make room · {grouped(cache.invalidations)} dropped by a trade
        {latency?.hits && ` · hit ${duration(latency.hits.p50)}`}
        {latency?.misses && ` · miss ${duration(latency.misses.p50)}`}
      </p>
      {!cache.caching && <p class="warn">▲ Caching is off.</p>}
      {cache.caching && !cache.session && <p class="warn">▲ Without a lease from the catalogue, nothing is served from the cache.</p>}
    </>
  )
}

const Events = () => {
  const items = live.cacheItems.value.slice(0, EVENTS_SHOWN)
  if (items.length === 0) return <p class="empty">Nothing came in or went out while this page looked.</p>
  return (
    <ol class="cache-events">
      {items.map(([atMs, what, name]) => (
        <li key={`${atMs} ${what} ${name}`}>
          <time>{timeOfDay(atMs)}</time>
          <span class={WHAT[what][2]} aria-hidden="true">
            {WHAT[what][0]}
          </span>
          <span>
            <strong>{name}</strong> {WHAT[what][1]}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** Shows what the front end's cache holds, and what it threw out. */
export const CachePanel = () => (
  <Panel id="cache" title="The cache">
    <Lane />
    <Events />
  </Panel>
)
