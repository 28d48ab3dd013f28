import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import type { Placed } from './placed.ts'

interface Remembered {
  readonly fingerprint: string
  /** Undefined while the order is under way. */
  placed: Placed | undefined
}

/**
 * Remembers the orders that this front end had a leader of another make place. The catalogue does not know these orders by
 * their keys. So an order that comes again under such a key is answered from here, and never placed anew.
 */
export class ForeignOrders {
  /** In the order in which they were placed. The oldest one makes room. */
  readonly #byKey = new Map<string, Remembered>()

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  /** Notes that an order is on its way. */
  begin({ key, fingerprint }: OrderRequest): void {
    this.#byKey.set(key, { fingerprint, placed: undefined })
    const oldest = this.#byKey.keys().next().value
    if (this.#byKey.size > LIMITS.foreignOrdersRememberedMax && oldest !== undefined) this.#byKey.delete(oldest)
  }

  /**
   * Notes the outcome of an order. `placed` is undefined when the order was certainly not placed: then it may be placed
   * again.
   */
  end({ key }: OrderRequest, placed: Placed | undefined): void {
    const remembered = this.#byKey.get(key)
    if (placed && remembered) remembered.placed = placed
    else this.#byKey.delete(key)
  }

  /** Returns the answer to an order that comes again, or 'under-way' while there is none. Returns undefined for a new order. */
  recall({ key, fingerprint }: OrderRequest): Placed | 'under-way' | undefined {
    // This is the usual case, and no key has to be hashed for it.
    if (this.isEmpty) return undefined
    const remembered = this.#byKey.get(key)
    if (!remembered) return undefined
    if (remembered.fingerprint !== fingerprint) return { kind: 'decided', outcome: { kind: 'key-reused' } }
    const { placed = 'under-way' } = remembered
    if (placed === 'under-way' || placed.kind === 'unknown' || placed.outcome.kind === 'key-reused') return placed
    return { kind: 'decided', outcome: { ...placed.outcome, replayed: true } }
  }
}
