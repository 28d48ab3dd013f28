import type { Membership } from './membership.ts'
import type { Publication } from './publication.ts'

/** Tells whether the catalogue may decide and show levels at the moment. */
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

  /** Notes that no session of an earlier run can serve any more. */
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

  /** True when levels may be shown (P1, C3). Until its replicas were looked into, a ledger may hold less than was shown. */
  get mayShow(): boolean {
    return this.#publication.settled && this.#membership.refusal === undefined
  }

  /** The state in words, for `status`. */
  get state(): string {
    return this.refusal ?? (this.#publication.settled ? 'open' : 'open, waiting for a leader')
  }
}
