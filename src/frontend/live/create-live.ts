import type { StatusData } from '../../http/types.ts'
import type { Runtime } from '../../wire/runtime.ts'
import { CLIENT_PATIENCE_MS } from '../patience.ts'
import { confirmPublished } from '../ledger-questions.ts'
import type { LeaderWatcher } from '../leadership.ts'
import type { Orders } from '../orders.ts'
import type { OrdersFound } from '../queries.ts'
import type { CatalogueSession } from '../session.ts'
import type { StockCache } from '../stock-cache.ts'
import { CacheWatch } from './cache-watch.ts'
import type { FeedSources } from './feed.ts'
import { Live } from './live.ts'
import type { Latencies } from './recent-times.ts'
import type { Stalls } from './stalls.ts'
import { StateWatch } from './state-watch.ts'
import { Story } from './story.ts'

/** One question of the feed. */
const QUESTION_MS = 1_000

/** Everything that the live stream looks at. */
export interface LiveWorld {
  readonly frontEndId: string
  readonly catalogueAddress: string
  readonly orders: Orders
  readonly cache: StockCache
  readonly session: CatalogueSession
  readonly latencies: Latencies
  readonly stalls: Stalls
  find(number: number, limit: number): Promise<OrdersFound>
  status(): Promise<StatusData>
}

/** Makes the live stream of a front end, and what tells it who leads. */
export function createLive(
  runtime: Runtime,
  world: LiveWorld,
): { readonly live: Live; readonly watcher: LeaderWatcher; readonly state: StateWatch } {
  const { clock } = runtime
  const { frontEndId, cache, latencies, stalls, orders } = world
  const story = new Story(clock)
  const state = new StateWatch(runtime, {
    ...{ latencies, stalls, story },
    status: () => world.status(),
    cachedNames: () => cache.names,
    refused: () => orders.refused,
  })
  const cacheWatch = new CacheWatch(clock, () => live.noted())
  const live: Live = new Live({
    ...{ clock, frontEndId, state, story, cache: cacheWatch },
    sources: sourcesOf(runtime, world),
    watched: (isWatched) => {
      latencies.isWatched = isWatched
      cache.watcher = isWatched ? (what, name) => cacheWatch.note(what, name) : undefined
      if (!isWatched) state.forget()
    },
  })
  story.tell('front-end-started', 'This front end has started.', { name: 'frontend' })
  return { live, watcher: storyOfLeaders(runtime, story, live), state }
}

function sourcesOf({ clock, network }: Runtime, { catalogueAddress, session, find }: LiveWorld): FeedSources {
  return {
    clock,
    history: () => network.call(catalogueAddress, 'Catalog.Read', { from: 0, limit: 0 }, QUESTION_MS).catch(() => undefined),
    clusterId: () => session.clusterId,
    confirmed: () => confirmPublished(network, catalogueAddress),
    stocks: () => session.query([], CLIENT_PATIENCE_MS),
    orders: async (from, limit) => {
      const found = await find(from, limit)
      return found.kind === 'found' ? found.entries : undefined
    },
  }
}

/** Tells the feed who leads, and the readers how it came about. */
function storyOfLeaders({ clock }: Runtime, story: Story, live: Live): LeaderWatcher {
  let lost: { readonly name: string; readonly atMs: number } | undefined
  return {
    led: (link, epoch) => {
      live.feed.led(link)
      const name = `order-${link.id}`
      const ms = lost && Math.round(clock.monotonicMs() - lost.atMs)
      const words = lost ? `${name} leads, ${ms} ms after ${lost.name} was lost.` : `${name} leads.`
      story.tell('elected', words, { name, ...(ms !== undefined && { ms }), why: `epoch ${epoch}` })
      lost = undefined
      live.changed()
    },
    leaderLost: (link) => {
      live.feed.led(undefined)
      const name = `order-${link.id}`
      lost = { name, atMs: clock.monotonicMs() }
      story.tell('leader-lost', `${name} leads no more: ${link.trouble}.`, { name, why: link.trouble })
      live.changed()
    },
  }
}
