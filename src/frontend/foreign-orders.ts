import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import type { Placed } from './placed.ts'

interface Remembered {
  readonly fingerprint: string
  /** Undefined while it is under way. */
  placed: Placed | undefined
}

/**
 * The orders that this front end had a leader of another make place: the catalogue does not know them by their keys, so
 * what comes again under such a key is answered from here, and never placed anew.
 */
export class ForeignOrders {
  /** In the order in which they were placed: the oldest one makes room. */
  readonly #byKey = new Map<string, Remembered>()

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  /** It is on its way. */
  begin({ key, fingerprint }: OrderRequest): void {
    this.#byKey.set(key, { fingerprint, placed: undefined })
    const oldest = this.#byKey.keys().next().value
    if (this.#byKey.size > LIMITS.foreignOrdersRememberedMax && oldest !== undefined) this.#byKey.delete(oldest)
  }

  /** Notes the outcome of an order. Undefined when it was certainly not placed, so that it may be placed again. */
  end({ key }: OrderRequest, placed: Placed | undefined): void {
    const remembered = this.#byKey.get(key)
    if (placed && remembered) remembered.placed = placed
    else this.#byKey.delete(key)
  }

  /** The answer to an order that comes again, or that it is under way. Undefined when it is new here. */
  recall({ key, fingerprint }: OrderRequest): Placed | 'under-way' | undefined {
    // The usual case, in which no key has to be hashed.
    if (this.isEmpty) return undefined
    const remembered = this.#byKey.get(key)
    if (!remembered) return undefined
    if (remembered.fingerprint !== fingerprint) return { kind: 'decided', outcome: { kind: 'key-reused' } }
    const { placed = 'under-way' } = remembered
    if (placed === 'under-way' || placed.kind === 'unknown' || placed.outcome.kind === 'key-reused') return placed
    return { kind: 'decided', outcome: { ...placed.outcome, replayed: true } }
  }
}
