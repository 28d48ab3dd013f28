import type { Stock } from '../domain/stock.ts'
import type { LookupResult, StockView } from '../wire/messages.ts'
import type { Publication } from './publication.ts'

/** The published levels, in the form of the messages that answer lookups. */
export class ShownStocks {
  readonly #publication: Publication
  readonly #forCaches: boolean

  /** `forCaches`: whether front ends may cache these stocks, as far as the publication allows it (P2). */
  constructor(publication: Publication, { forCaches }: { readonly forCaches: boolean }) {
    this.#publication = publication
    this.#forCaches = forCaches
  }

  /** The position of the log that all levels belong to (P1). */
  get position(): number {
    return this.#publication.published
  }

  /** All stocks. The objects never change: a trade replaces them by others. */
  all(): readonly Stock[] {
    return this.#publication.stocks()
  }

  /** One stock, for a front end. */
  view(name: string): StockView {
    const stock = this.#publication.stock(name)
    if (!stock) return { name, priceCents: 0, quantity: 0, volume: 0, cacheable: false, found: false }
    return { ...stock, cacheable: this.#forCaches && this.#publication.cacheable(name), found: true }
  }

  /** One stock, for the contract's single call. Its values are -1 when there is no such stock. */
  lookup(name: string): LookupResult {
    const { position } = this
    const stock = this.#publication.stock(name)
    if (!stock) return { stockPrice: -1, stockQuantity: -1, priceCents: -1, position }
    const { priceCents, quantity } = stock
    return { stockPrice: priceCents / 100, stockQuantity: quantity, priceCents, position }
  }
}
