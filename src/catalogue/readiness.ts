import type { Membership } from './membership.ts'
import type { Publication } from './publication.ts'

/** What the catalogue may do at the moment: decide, and show what it has. */
export class Readiness {
  readonly #membership: Membership
  readonly #publication: Publication
  #isOpen = false
  /** Why nothing can be written, or undefined. */
  #diskTrouble: string | undefined

  constructor(membership: Membership, publication: Publication) {
    this.#membership = membership
    this.#publication = publication
  }

  /** Nobody serves from a session of an earlier run any more. */
  open(): void {
    this.#isOpen = true
  }

  /** Why nothing can be written from now on; undefined when something can be. */
  diskChanged(trouble: string | undefined): void {
    this.#diskTrouble = trouble
  }

  /** Why nothing is decided, or undefined. */
  get refusal(): string | undefined {
    if (!this.#isOpen) return 'the catalogue is starting'
    return this.#diskTrouble ?? this.#membership.refusal
  }

  /** P1, and C3: what stands in a ledger may be less than was shown, before its replicas were looked into. */
  get mayShow(): boolean {
    return this.#publication.settled && this.#membership.refusal === undefined
  }

  /** In words, for `status`. */
  get state(): string {
    return this.refusal ?? (this.#publication.settled ? 'open' : 'open, waiting for a leader')
  }
}
