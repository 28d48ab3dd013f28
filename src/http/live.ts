/**
 * The events that `GET /v1/events` of a front end sends. It is a stream of server-sent events. Each event has a name (`event:`), one line
 * of JSON (`data:`), and an id where this is said. This file imports nothing, so that a web page can import it.
 */

/** An order: number, stock, side, quantity, time in ms since 1970, generation of the catalogue that decided it. */
export type OrderRow = readonly [number: number, name: string, type: 'buy' | 'sell', quantity: number, timeMs: number, generation: number]

/** A stock: name, price in cents, shares for sale, shares traded so far. */
export type StockRow = readonly [name: string, priceCents: number, available: number, volume: number]

/** Latencies of one kind of request within the last second, in ms. */
export interface LiveLatency {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** A process, as the front end sees it. */
export interface LiveProcess {
  readonly name: string
  /** "front end", "leader", "follower", "replica" or "catalogue"; other words for a program of another make. */
  readonly role: string
  /** "host:port" */
  readonly address: string
  readonly pid: number
  readonly uptimeMs: number
  /** Share of one core since the last look, 0 to 1 and more. */
  readonly cpuShare: number
  readonly memoryBytes: number
  readonly reachable: boolean
  /** Why the process cannot be reached, or cannot lead. */
  readonly why?: string
  /** Length of its log, in orders; 0 for a front end. */
  readonly length: number
  /** Orders that it knows to be published. */
  readonly published?: number
  /** The followers of a leader. */
  readonly followers?: readonly { readonly name: string; readonly state: string; readonly length: number }[]
  /** Names of the processes that it is connected to. */
  readonly sees: readonly string[]
}

/** The cache of the front end. */
export interface LiveCache {
  /** The stock that was used last comes first. */
  readonly names: readonly string[]
  readonly stocksMax: number
  readonly hits: number
  readonly misses: number
  readonly evictions: number
  readonly invalidations: number
  readonly caching: boolean
  /** True while the lease on the cache runs. */
  readonly session: boolean
}

/** How everything is: event `state`, at most twice a second, and at once when anything but a counter changes. */
export interface LiveState {
  readonly timeMs: number
  /** Name of the leading process, or null. */
  readonly leader: string | null
  /** Epoch of the leader's assignment; 0 without a leader. */
  readonly epoch: number
  /** True when orders can be placed: there is a leader, and it works with the catalogue. */
  readonly trading: boolean
  /** Orders that are published, as far as this stream has told them. */
  readonly published: number
  /** Published orders per second, within the last second. */
  readonly ordersPerSecond: number
  /** Orders of this front end's clients that wait for their outcome. */
  readonly waiting: number
  readonly readers: number
  readonly latency: {
    readonly orders: LiveLatency | null
    readonly hits: LiveLatency | null
    readonly misses: LiveLatency | null
    readonly queries: LiveLatency | null
  }
  /** For how long no order has been answered although some wait; 0 when none waits. */
  readonly stallMs: number
  /** The longest such time since this front end started. */
  readonly longestStall: { readonly ms: number; readonly atMs: number } | null
  /** The digests of all reachable logs at one and the same number, by process, 16 digits each. */
  readonly common: { readonly number: number; readonly digests: Readonly<Record<string, string>> } | null
  readonly processes: readonly LiveProcess[]
  readonly cache: LiveCache
}

export type StoryKind =
  | 'leader-lost'
  | 'elected'
  | 'follower-gone'
  | 'in-sync'
  | 'catalogue-gone'
  | 'catalogue-back'
  | 'recovered'
  | 'overload'
  | 'front-end-started'

/** Something that happened, as a person would tell it. */
export interface StoryItem {
  /** 1, 2, 3, … at each front end. */
  readonly seq: number
  readonly atMs: number
  readonly kind: StoryKind
  /** Name of the process that it happened to. */
  readonly name?: string
  /** How long it took, in ms. */
  readonly ms?: number
  readonly why?: string
  /** One English sentence. */
  readonly text: string
}

/** Event `hello`: the first one of a connection, or the one after `reset`. */
export interface LiveHello {
  readonly frontEnd: string
  /** Id of the cluster. */
  readonly cluster: string
  /** Names the history that order numbers belong to. It changes when the ledger was recovered, or another one took its place. */
  readonly history: string
  /** Orders that are published: the numbers 0 to `published` - 1. */
  readonly published: number
  readonly stocks: readonly StockRow[]
  /** The newest 50, oldest first; empty when the stream goes on after a Last-Event-ID. */
  readonly orders: readonly OrderRow[]
  /** The newest 50, oldest first. */
  readonly story: readonly StoryItem[]
  readonly state: LiveState
}

/** Event `reset`: the stream cannot go on after the reader's Last-Event-ID, so it begins anew. */
export interface LiveReset {
  readonly why: string
}

/** Event `orders`, with the id `<history>-<last number>`: published orders, each number once and none left out. */
export interface LiveOrders {
  readonly rows: readonly OrderRow[]
}

/** Event `stocks`: the levels of the stocks that orders changed. */
export interface LiveStocks {
  readonly rows: readonly StockRow[]
}

/** Event `cache`: what happened in the front end's cache. Hits are sampled. At most 50 items. */
export interface LiveCacheEvents {
  readonly items: readonly (readonly [atMs: number, what: 'put' | 'hit' | 'evict' | 'invalidate', name: string])[]
}

/** Event `story`. */
export interface LiveStory {
  readonly items: readonly StoryItem[]
}

/** All events, by name. */
export interface LiveEvents {
  readonly hello: LiveHello
  readonly reset: LiveReset
  readonly orders: LiveOrders
  readonly stocks: LiveStocks
  readonly state: LiveState
  readonly cache: LiveCacheEvents
  readonly story: LiveStory
}
