import type { Entry } from '../../wire/messages.ts'

/** The newest published orders, without a gap. */
export class OrderRing {
  readonly #max: number
  #entries: Entry[] = []
  #start = 0

  /** `max`: how many orders it holds. */
  constructor(max: number) {
    this.#max = max
  }

  /** Number of the oldest order that it holds. */
  get start(): number {
    return this.#start
  }

  /** Number of the order that comes next. */
  get end(): number {
    return this.#start + this.#entries.length
  }

  /** Forgets all orders. The next one has this number. */
  begin(next: number): void {
    this.#entries = []
    this.#start = next
  }

  /** Adds the next orders, and forgets the oldest ones. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) this.#entries.push(entry)
    // It is cut seldom, since that takes time.
    if (this.#entries.length < 2 * this.#max) return
    const surplus = this.#entries.length - this.#max
    this.#entries = this.#entries.slice(surplus)
    this.#start += surplus
  }

  /** Returns the orders from number `from` up to, but not including, `end`. It holds all of them. */
  slice(from: number, end: number): readonly Entry[] {
    return this.#entries.slice(from - this.#start, end - this.#start)
  }
}
