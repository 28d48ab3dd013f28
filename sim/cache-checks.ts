import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import type { FrontEnd } from '../src/frontend/front-end.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue } from '../src/wire/messages.ts'
import { entriesBetween } from '../src/storage/pages.ts'
import type { Cluster } from './cluster.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'
import type { StreamPair } from './stream-pair.ts'

/** 11. When a cache serves a value, its session is live by the catalogue's clock, and no later trade on that stock is published. */
export class CacheChecks implements NetworkObserver {
  readonly #cluster: Cluster
  readonly #published: () => number
  readonly #violated: (what: string) => void
  /** The stream of each front end's session, by the front end's id. */
  readonly #streams = new Map<string, StreamPair>()
  /** The front end's id of each such stream. */
  readonly #owners = new WeakMap<StreamPair, string>()
  /** When the session of each front end ends, by the catalogue's monotonic clock. */
  readonly #expiresAt = new Map<string, number>()
  /** The volume of each stock in the published part of the log. It only rises. */
  readonly #volumes = new Map(OPENING_CATALOGUE.map((stock) => [stock.name, stock.volume]))
  #counted = 0
  #counting = false

  constructor(cluster: Cluster, published: () => number, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#published = published
    this.#violated = violated
  }

  /** Looks at everything that this front end's cache serves. */
  watch({ id, cache }: FrontEnd): void {
    const get = cache.get.bind(cache)
    cache.get = (name, live) => {
      const view = get(name, live)
      if (view) this.#served(id, view)
      return view
    }
  }

  sent(_from: Life, message: object, stream: StreamPair): void {
    const { grant } = message as CatalogueToFrontEnd
    const owner = this.#owners.get(stream)
    if (grant && grant.leaseMs > 0 && owner) this.#expiresAt.set(owner, this.#now() + grant.leaseMs)
    void this.#count()
  }

  delivered(_to: Life, message: object, stream: StreamPair): void {
    if (stream.method !== 'Catalog.Session') return
    const { hello, ended } = message as FrontEndToCatalogue
    if (hello) {
      this.#streams.set(hello.frontEndId, stream)
      this.#owners.set(stream, hello.frontEndId)
    }
    const owner = this.#owners.get(stream)
    if (ended && owner && this.#streams.get(owner) === stream) this.#expiresAt.set(owner, -Infinity)
  }

  answered(): void {
    void this.#count()
  }

  #now(): number {
    return this.#cluster.catalogue.monotonicMs()
  }

  #served(frontEndId: string, { name, volume }: { readonly name: string; readonly volume: number }): void {
    const over = this.#now() - (this.#expiresAt.get(frontEndId) ?? -Infinity)
    if (over >= 0) this.#violated(`11: ${name} is served from the cache of ${frontEndId}, whose session is over for ${over} ms`)
    const published = this.#volumes.get(name) ?? 0
    if (volume < published) this.#violated(`11: ${name} is served from the cache with a volume of ${volume}, published is ${published}`)
  }

  /** Counts the entries that were published since. Done before the next event. */
  async #count(): Promise<void> {
    const { ledger } = this.#cluster
    if (!ledger || this.#counting || this.#counted >= this.#published()) return
    this.#counting = true
    for (const { name, quantity } of await entriesBetween(ledger, this.#counted, this.#published())) {
      this.#volumes.set(name, (this.#volumes.get(name) ?? 0) + quantity)
      this.#counted += 1
    }
    this.#counting = false
  }
}
