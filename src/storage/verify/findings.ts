/** One thing in a copy of the log that is wrong. */
export interface Finding {
  /** Number of the entry that the finding is about, if it is about one. */
  readonly entry?: number
  /** The value that was found, and the expected one. */
  readonly what: string
}

/** So many findings are kept. Further ones are only counted, since one broken page spoils hundreds of entries. */
const KEPT_MAX = 20

/** Collects all that is wrong with one copy. */
export class Findings {
  readonly #kept: Finding[] = []
  #count = 0

  /** The number of findings, kept or not. */
  get count(): number {
    return this.#count
  }

  /** The first findings, in the order in which they were found. */
  get kept(): readonly Finding[] {
    return this.#kept
  }

  add(what: string, entry?: number): void {
    this.#count += 1
    if (this.#count <= KEPT_MAX) this.#kept.push(entry === undefined ? { what } : { entry, what })
  }
}
