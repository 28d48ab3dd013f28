import { LIMITS } from '../../domain/limits.ts'
import { isOrderQuantity, type Entry } from '../../domain/order.ts'
import type { Stock } from '../../domain/stock.ts'
import { chainDigest } from '../chain.ts'
import type { Findings } from './findings.ts'
import { Levels } from '../levels.ts'

/**
 * Follows a log from its first entry on, and finds everything in it that no log can hold. Unlike a replay it continues after
 * a finding, so that the next one is found as well.
 */
export class LogCheck {
  readonly #findings: Findings
  /** The levels after the last entry; undefined when they cannot be known: without a genesis, or after a wrong entry. */
  #levels: Levels | undefined
  #length = 0
  /** The digest of all entries so far; undefined after missing entries. */
  #digest: string | undefined
  #lastGeneration = 0

  /** `start` is the digest of the empty log; `opening` is undefined when nobody knows what was for sale. */
  constructor(start: string, opening: readonly Stock[] | undefined, findings: Findings) {
    this.#findings = findings
    this.#digest = start
    this.#levels = opening && new Levels(opening)
  }

  /** One more than the highest number that was taken. */
  get length(): number {
    return this.#length
  }

  get digest(): string {
    return this.#digest ?? ''
  }

  get lastGeneration(): number {
    return this.#lastGeneration
  }

  /** Returns the stocks after the last entry, or undefined when they cannot be known. */
  stocks(): readonly Stock[] | undefined {
    return this.#levels?.all()
  }

  /** Takes the next entry, with the digest that is stored beside it, if there is one. */
  take(entry: Entry, stored?: string): void {
    if (!this.#reaches(entry.number)) return
    this.#checkRanges(entry)
    this.#checkGeneration(entry)
    const reached = this.#digest === undefined ? undefined : chainDigest(this.#digest, entry)
    if (stored !== undefined && reached !== undefined && stored !== reached) {
      this.#levels = undefined
      this.#findings.add(`does not match its digest: ${reached} is expected, ${stored} is stored`, entry.number)
    }
    this.#apply(entry)
    this.#digest = stored ?? reached
    this.#length = entry.number + 1
  }

  /** Notes that the next entry cannot be read. */
  skip(number: number, why: string): void {
    if (!this.#reaches(number)) return
    this.#findings.add(`cannot be read: ${why}`, number)
    this.#lose(number + 1)
  }

  /** Compares the digest of all entries so far with the expected one. */
  expect(digest: string): void {
    if (this.#digest !== undefined && this.#digest !== digest) {
      const where = `at length ${this.#length}`
      this.#findings.add(`the entries lead to digest ${this.#digest} ${where}, and are said to lead to ${digest}`)
    }
    this.#digest = digest
  }

  /** Ends the log at the length that the file's head tells. */
  end(length: number): void {
    if (length >= this.#length) this.#reaches(length)
    else this.#findings.add(`it holds entries up to ${this.#length - 1}, and says that there are ${length}`)
  }

  /** Says whether the log may continue with that number. Entries that are left out become a finding. */
  #reaches(number: number): boolean {
    const first = this.#length
    if (number < first) this.#findings.add('stands behind a later one', number)
    if (number <= first) return number === first
    this.#findings.add(number - first === 1 ? 'is missing' : `is missing, and all up to ${number - 1}`, first)
    this.#lose(number)
    return true
  }

  #lose(length: number): void {
    this.#levels = undefined
    this.#digest = undefined
    this.#length = length
  }

  #checkRanges({ number, key, quantity }: Entry): void {
    if (key === '') this.#findings.add('has no key', number)
    if (isOrderQuantity(quantity)) return
    this.#findings.add(`has the quantity ${quantity}, 1 to ${LIMITS.orderQuantityMax} is possible`, number)
  }

  #checkGeneration({ number, generation }: Entry): void {
    if (generation < this.#lastGeneration) {
      this.#findings.add(`has generation ${generation}, an earlier entry has ${this.#lastGeneration}`, number)
    }
    this.#lastGeneration = Math.max(generation, this.#lastGeneration)
  }

  #apply(entry: Entry): void {
    try {
      this.#levels?.apply(entry)
    } catch (error) {
      this.#findings.add((error as Error).message, entry.number)
      this.#levels = undefined
    }
  }
}
