/**
 * The published length of the log, as a leader knows it. It never falls, for what was published once stays so. A recovery of
 * the ledger may be an exception. So the length that is known under the present generation is kept beside it.
 */
export class PublishedLength {
  readonly #grew: () => void
  #ever = 0
  #length = 0
  #generation = 0

  /** `grew` is called when the catalogue says that more is published. */
  constructor(grew: () => void) {
    this.#grew = grew
  }

  /** The greatest length that was known. */
  get ever(): number {
    return this.#ever
  }

  /** The generation of the catalogue that the leader works with, 0 before the first one, and the length that is known under it. */
  get now(): { readonly length: number; readonly generation: number } {
    return { length: this.#length, generation: this.#generation }
  }

  /** The catalogue has this generation, and says that so much is published. */
  begin(generation: number, length: number): void {
    if (generation !== this.#generation) this.#length = 0
    this.#generation = generation
    this.#raise(length)
  }

  /** The catalogue says that so much is published by now. */
  raise(length: number): void {
    if (length <= this.#length) return
    this.#raise(length)
    this.#grew()
  }

  #raise(length: number): void {
    this.#length = Math.max(this.#length, length)
    this.#ever = Math.max(this.#ever, length)
  }
}
