import type { Entry } from '../domain/order.ts'
import type { Genesis } from '../storage/chain.ts'
import type { OrderLog, OrderLogHead } from '../storage/order-log.ts'
import type { Pace } from './pace.ts'

/** The fate of entries that were offered. */
export type Extension =
  | { readonly kind: 'held'; readonly head: OrderLogHead }
  /** They begin after the log's end. */
  | { readonly kind: 'gap'; readonly head: OrderLogHead }
  /** They contradict what the log holds. */
  | { readonly kind: 'fork'; readonly head: OrderLogHead }
  /** They come from a catalogue of an earlier generation. */
  | { readonly kind: 'stale'; readonly head: OrderLogHead }

/**
 * This replica's order log. Whoever leads extends it: this replica, another one, or two at once. It stays a prefix of the
 * ledger all the same:
 *
 * R1. Only entries that go on exactly where the log ends are appended. Those it holds already are compared by digest.
 * R2. Nothing is appended under a generation below the sealed one.
 */
export class Copy {
  /** Whoever reads many entries of this log keeps to it. */
  readonly pace: Pace
  readonly #log: OrderLog
  #last: Promise<unknown> = Promise.resolve()
  batches = 0

  constructor(log: OrderLog, pace: Pace) {
    this.#log = log
    this.pace = pace
  }

  get log(): OrderLog {
    return this.#log
  }

  head(): OrderLogHead {
    return this.#log.head()
  }

  /**
   * Offers entries that begin at number `from` and end with `digest`. Resolves when what is held is on disk. Only a
   * heartbeat may come without a digest: it has no entries, and says nothing of what is held.
   */
  extend(generation: number, from: number, entries: readonly Entry[], digest: string | undefined): Promise<Extension> {
    return this.#inTurn(() => this.#extend(generation, from, entries, digest))
  }

  /** R2 for everything below `generation` from now on. An empty log adopts the genesis. */
  seal(generation: number, genesis: Genesis): Promise<OrderLogHead> {
    const { sealedGeneration, genesis: held } = this.#log.head()
    if (held?.clusterId === genesis.clusterId && sealedGeneration >= generation) return Promise.resolve(this.#log.head())
    return this.#inTurn(() => this.#log.seal(generation, genesis))
  }

  /**
   * Gives up everything from number `length` on; see repair.ts for when. Does nothing when the log has changed since its
   * head was `expected`. Returns whether it is cut.
   */
  cut(length: number, expected: OrderLogHead): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#log.head().digest !== expected.digest) return false
      await this.#log.cut(length)
      return true
    })
  }

  async #extend(generation: number, from: number, entries: readonly Entry[], digest: string | undefined): Promise<Extension> {
    const head = this.#log.head()
    if (generation < head.sealedGeneration) return { kind: 'stale', head } // R2
    if (from > head.length) return { kind: 'gap', head }
    if (digest === undefined) return { kind: entries.length === 0 ? 'held' : 'fork', head }
    const end = from + entries.length
    if (end <= head.length) {
      const same = (await this.#log.digestAt(end)) === digest // R1
      return { kind: same ? 'held' : 'fork', head }
    }
    const fresh = from === head.length ? entries : entries.slice(head.length - from)
    try {
      this.batches += 1
      const longer = await this.#log.append(fresh, digest)
      this.pace.grew(fresh.length)
      return { kind: 'held', head: longer }
    } catch (error) {
      if (error instanceof Error && error.name === 'StorageFailure') throw error
      return { kind: 'fork', head } // R1: the digest did not come out
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => undefined)
    return result
  }
}
